# The container image of mtlscope, for any processor that Node and koffi have binaries for:
#   docker buildx build --platform linux/amd64,linux/arm64 -t registry.example/mtlscope:1 .
# `npm run image` makes the same without Docker and a registry, smaller, for the processor of this machine.
FROM --platform=$BUILDPLATFORM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build

FROM node:24-bookworm-slim AS packages
WORKDIR /opt/mtlscope
COPY package.json package-lock.json ./
# The prebuilt library of koffi is a package for each processor, so this runs on the wanted one.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force

FROM debian:bookworm-slim
# nft sets the rules of `mtlscope init`, iptables and ip read those of others for `explain` and `check`; netbase has the names of protocols that it reads.
RUN apt-get update \
 && apt-get install -y --no-install-recommends nftables iptables iproute2 netbase libstdc++6 \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd -g 1337 mtlscope && useradd -u 1337 -g 1337 -d /tmp -s /usr/sbin/nologin mtlscope
COPY --from=packages /usr/local/bin/node /usr/bin/node
COPY --from=packages /opt/mtlscope/node_modules /opt/mtlscope/node_modules
COPY --from=build /build/dist /opt/mtlscope/dist
COPY package.json LICENSE /opt/mtlscope/
RUN ln -s /opt/mtlscope/dist/cli/main.js /usr/bin/mtlscope
ENV NODE_ENV=production
WORKDIR /tmp
# The sidecar's user, which the rules let through. What needs rights is given them by the pod's securityContext.
USER 1337:1337
ENTRYPOINT ["/usr/bin/node", "/opt/mtlscope/dist/cli/main.js"]
CMD ["--help"]

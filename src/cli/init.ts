import { Command, Option } from 'commander'
import { durationMs } from './values.ts'

const HELP = `
Rules are set whole or not at all: while they change nothing but loopback passes, and where something fails the rules
from before come back. Set twice they are set once; --clean leaves the namespace as it was.

Without --preset: istio where -m, -b or -i is given, as istio-iptables is called; contrast where CONTRAST_INGRESS_PROXY_CONFIG is set;
else mtlscope, which lets nothing past the proxy but loopback, ICMP and DNS. Istio's environment variables count, too.

Exit codes: 0 done (or it holds), 1 it does not hold, was refused or failed, 2 usage, 3 not permitted here

Examples:
  sudo mtlscope init --netns web                                   everything of that namespace by the proxy of uid 1337
  sudo mtlscope init --pid 4121 -u 1500 -d 9090                    the proxy is uid 1500, port 9090 is scraped past it
  mtlscope init --print                                            the rules, without rights
  mtlscope init --print --backend iptables-nft                     the same for iptables-restore
  sudo mtlscope init --netns web --verify                          is every rule in its place? exit 1 where not
  sudo mtlscope init --netns web --probe                           send real packets: does anything get past?
  sudo mtlscope init --netns web --clean
  mtlscope init -p 15001 -z 15006 -u 1337 -m REDIRECT -i '*' -x "" -b '*' -d 15090,15021,15020      in the place of istio-init
  sudo mtlscope init --preset linkerd --netns web`

export interface InitFlags {
  preset?: 'mtlscope' | 'istio' | 'linkerd' | 'osm' | 'contrast'
  netns?: string
  pid?: string
  backend?: 'iptables-nft' | 'iptables-legacy' | 'nft'
  print?: boolean
  verify?: boolean
  clean?: boolean
  await?: number | true
  probe?: boolean
  force?: boolean
  output: 'text' | 'json'
  ipv6?: 'mesh' | 'capture' | 'drop' | 'open'
  allowUdp?: string
  subnetsToIgnore?: string
  podIp?: string
  envoyPort?: string
  inboundCapturePort?: string
  inboundTunnelPort?: string
  proxyUid?: string
  proxyGid?: string
  istioInboundInterceptionMode?: string
  istioInboundTproxyMark?: string
  istioInboundTproxyRouteTable?: string
  istioInboundPorts?: string
  istioLocalExcludePorts?: string
  istioExcludeInterfaces?: string
  istioServiceCidr?: string
  istioServiceExcludeCidr?: string
  istioOutboundPorts?: string
  istioLocalOutboundPortsExclude?: string
  kubeVirtInterfaces?: string
  redirectDns?: boolean
  captureAllDns?: boolean
  dropInvalid?: boolean
  dualStack?: boolean
  dryRun?: boolean
  cleanupOnly?: boolean
  networkNamespace?: string
  nativeNftables?: boolean
  forceIptablesBinary?: 'legacy' | 'nft'
  procfs: string
}

/** Flags of istio-iptables that are of no consequence here: it is always so, or asked for otherwise. */
const ACCEPTED = ['--reconcile', '--force-apply', '--cni-mode', '--run-validation', '--skip-rule-apply']
const ACCEPTED_WITH_VALUE = ['--iptables-probe-port <port>', '--probe-timeout <duration>', '--log_output_level <levels>']

export function initCommand(): Command {
  const command = new Command('init')
    .description('set the rules that lead the traffic of a namespace to its sidecar; verify, probe and clean them')
  addPlaces(command)
  addRules(command)
  addIstio(command)
  for (const flag of [...ACCEPTED, ...ACCEPTED_WITH_VALUE]) command.addOption(new Option(flag).hideHelp())
  return command.addHelpText('after', HELP).action(async (flags: InitFlags) => {
    const { runInit } = await import('./init-run.ts')
    process.exitCode = await runInit(flags, process.env)
  })
}

function addPlaces(command: Command): void {
  command
    .addOption(new Option('--preset <mesh>', 'whose rules').choices(['mtlscope', 'istio', 'linkerd', 'osm', 'contrast']))
    .option('--netns <name>', 'the network namespace of that name (ip netns)')
    .option('--pid <pid>', 'the network namespace of that process')
    .addOption(new Option('--backend <program>', 'what sets the rules (default: what the namespace uses already)').choices(['nft', 'iptables-nft', 'iptables-legacy']))
    .option('--print', 'print the rules, and end')
    .option('--verify', 'compare the rules that are there with these, in their order')
    .option('--probe', 'send packets as app, as proxy and from outside, and see where they end')
    .option('--clean', 'take away all rules that init sets, of any preset')
    .option('--await [duration]', 'set nothing: wait until another program has set the rules of preset mtlscope (default: 120s); needs no right', durationMs)
    .option('--force', 'also in the host\'s namespace, with an app under the proxy\'s user, beside other rules')
    .addOption(new Option('--output <format>', 'form of the output').choices(['text', 'json']).default('text'))
    .addOption(new Option('--procfs <folder>', 'where procfs is mounted').default('/proc').hideHelp())
}

function addRules(command: Command): void {
  command
    .addOption(new Option('--ipv6 <how>', 'IPv6: as IPv4, not at all, past the proxy, or as that mesh does it').choices(['capture', 'drop', 'open', 'mesh']))
    .option('--allow-udp <ports>', 'UDP ports that apps may send to (preset mtlscope; default: 53)')
    .option('--subnets-to-ignore <networks>', 'sources that reach the apps past the proxy (preset linkerd)')
    .option('--pod-ip <address>', 'address of the pod, for apps that listen on it only (preset osm)')
}

function addIstio(command: Command): void {
  command
    .option('-p, --envoy-port <port>', 'where outbound connections are led to (15001)')
    .option('-z, --inbound-capture-port <port>', 'where inbound connections are led to (15006)')
    .option('-e, --inbound-tunnel-port <port>', 'inbound port that is the proxy\'s own (istio; 15008)')
    .option('-u, --proxy-uid <uids>', 'users of the proxy (1337)')
    .option('-g, --proxy-gid <gids>', 'groups of the proxy (istio: its uids)')
    .option('-m, --istio-inbound-interception-mode <mode>', 'REDIRECT or TPROXY, of inbound connections')
    .option('-t, --istio-inbound-tproxy-mark <mark>', 'mark of intercepted packets (TPROXY; 1337)')
    .option('-r, --istio-inbound-tproxy-route-table <table>', 'table of routes for them (istio; 133)')
    .option('-b, --istio-inbound-ports <ports>', 'inbound ports that are intercepted; * is all')
    .option('-d, --istio-local-exclude-ports <ports>', 'inbound ports that are not, where all others are')
    .option('-i, --istio-service-cidr <networks>', 'destinations that are intercepted; * is all')
    .option('-x, --istio-service-exclude-cidr <networks>', 'destinations that are not')
    .option('-q, --istio-outbound-ports <ports>', 'outbound ports that are intercepted wherever they lead')
    .option('-o, --istio-local-outbound-ports-exclude <ports>', 'outbound ports that are not')
    .option('-c, --istio-exclude-interfaces <names>', 'interfaces that are left alone')
    .option('-k, --kube-virt-interfaces <names>', 'interfaces of virtual machines (istio)')
    .option('--redirect-dns', 'DNS to port 15053 (istio)')
    .option('--capture-all-dns', 'DNS to any resolver, not only those of /etc/resolv.conf (istio)')
    .option('--drop-invalid', 'drop what conntrack calls invalid (istio; mtlscope always does)')
    .option('--dual-stack', 'look for an IPv6 address behind the first one (istio)')
    .addOption(new Option('-n, --dry-run', 'the same as --print').hideHelp())
    .addOption(new Option('--cleanup-only', 'the same as --clean').hideHelp())
    .addOption(new Option('--network-namespace <path>', 'path of a network namespace').hideHelp())
    .addOption(new Option('--native-nftables', 'the same as --backend nft').hideHelp())
    .addOption(new Option('--force-iptables-binary <which>', 'the same as --backend iptables-…').choices(['legacy', 'nft']).hideHelp())
}

import { Option } from 'commander'

/** `--image-pull-secret NAME`, any number of times; `what` follows 'secret that'. */
export function pullSecretOption(what: string): Option {
  return new Option('--image-pull-secret <name>', `secret that ${what}; may be given more than once`).argParser((name: string, before: string[] | undefined) => [...before ?? [], name])
}

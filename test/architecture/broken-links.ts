import { existsSync, readFileSync } from 'node:fs'

/** Links and pictures of a page that lead to a file that is not there, or to a heading that its page does not have. */
export function brokenLinks(page: URL): string[] {
  const text = withoutCode(readFileSync(page, 'utf8'))
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!)
  return targets.filter((target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(new URL(target, page)))
}

function leadsSomewhere(target: URL): boolean {
  const file = new URL(target.pathname, target)
  if (!existsSync(file)) return false
  return target.hash === '' || anchorsOf(readFileSync(file, 'utf8')).includes(target.hash.slice(1))
}

/** As code hosting sites make them: lower case, punctuation gone, spaces as hyphens. */
function anchorsOf(markdown: string): string[] {
  return [...withoutCode(markdown).matchAll(/^#+ (.+)$/gm)]
    .map((match) => match[1]!.toLowerCase().replace(/[^\p{L}\p{N} -]/gu, '').replaceAll(' ', '-'))
}

function withoutCode(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, (code) => code.slice(1, -1).replace(/[[\]()#]/g, ' '))
}

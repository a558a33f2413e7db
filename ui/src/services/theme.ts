import { rememberedCell } from './remembered.ts'

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const isTheme = (value: unknown): value is Theme => THEMES.some((theme) => theme === value)

export const theme = rememberedCell<Theme>('theme', 'system', isTheme)

export function nextTheme(): void {
  theme.set(THEMES[(THEMES.indexOf(theme.get()) + 1) % THEMES.length]!)
}

/** Keeps the page in the chosen theme; the colours are in theme.css. */
export function applyTheme(): void {
  const apply = (): void => {
    const chosen = theme.get()
    if (chosen === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = chosen
  }
  theme.subscribe(apply)
  apply()
}

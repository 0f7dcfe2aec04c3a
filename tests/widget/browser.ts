import { existsSync } from 'node:fs'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

if (CHROMIUM === undefined && process.env['CI'] === 'true')
  throw new Error('Chromium is missing; install it with: apt-get install chromium')

export const hasChromium = CHROMIUM !== undefined

/** The name of a suite says why it is skipped. */
export const named = (name: string): string =>
  hasChromium ? name : `${name} (skipped: no Chromium; apt-get install chromium)`

/** Monday morning, half an hour after the snapshot of the pretended portal. */
export const MORNING = '2026-11-23T06:10:00Z'

/** One context for many pages, so that scripts are fetched and compiled once. */
export const openBrowser = async (): Promise<BrowserContext> => {
  if (CHROMIUM === undefined) throw new Error('Chromium is missing')
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  await context.clock.setFixedTime(MORNING)
  return context
}

export const closeBrowser = async (context: BrowserContext | undefined): Promise<void> => {
  await context?.browser()?.close()
}

export type Watched = { page: Page; problems: string[] }

/** A page whose console errors, uncaught errors and failed requests are kept. */
export const openPage = async (browser: BrowserContext, address: string): Promise<Watched> => {
  const page = await browser.newPage()
  const problems: string[] = []
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) problems.push(`${message.type()}: ${message.text()}`)
  })
  page.on('pageerror', error => problems.push(`uncaught: ${error.message}`))
  await page.goto(address)
  return { page, problems }
}

/** What sticks out: the page scrolled sideways, or elements past the right edge outside of their own scrollers. */
const OVERFLOW = `(() => {
  const wide = document.documentElement.clientWidth
  const out = []
  if (document.documentElement.scrollWidth > wide) out.push('the page scrolls sideways')
  const scroller = document.querySelector('.scroll')
  if (scroller && scroller.scrollWidth > scroller.clientWidth) out.push('the content scrolls sideways')
  const clips = element => {
    for (let parent = element.parentElement; parent; parent = parent.parentElement) {
      const style = getComputedStyle(parent)
      if (parent.matches('.pl-scroll, .tabs, .list') || (style.overflowX !== 'visible' && !parent.matches('.scroll, body, html'))) return true
    }
    return false
  }
  for (const element of document.querySelectorAll('body *')) {
    const box = element.getBoundingClientRect()
    if (box.width === 0 || box.right <= wide + 1 || clips(element)) continue
    if (getComputedStyle(element).position === 'absolute' && box.width <= 1) continue
    out.push(element.tagName + '.' + element.className + ' ends at ' + Math.round(box.right))
  }
  return out.slice(0, 5)
})()`

export const overflow = (page: Page): Promise<string[]> => page.evaluate(OVERFLOW)

/** Text that is cut off without an ellipsis, a clamp or a scroller of its own. */
const CLIPPED = `(() => {
  const out = []
  for (const element of document.querySelectorAll('.scroll *, main *')) {
    if (element.children.length > 0 || !element.textContent.trim()) continue
    const style = getComputedStyle(element)
    if (style.overflow === 'visible' || style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none') continue
    if (style.clipPath !== 'none' || ['auto', 'scroll'].includes(style.overflowX)) continue
    if (element.scrollWidth > element.clientWidth + 1) out.push(element.textContent.trim().slice(0, 40))
  }
  return out
})()`

export const clipped = (page: Page): Promise<string[]> => page.evaluate(CLIPPED)

/** Contrast of text roles on the surface they stand on, by the WCAG formula. */
const CONTRAST = `(() => {
  const context = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true })
  const rgb = role => {
    const probe = document.body.appendChild(document.createElement('i'))
    probe.style.color = 'var(--pl-' + role + ')'
    context.fillStyle = getComputedStyle(probe).color
    probe.remove()
    context.fillRect(0, 0, 1, 1)
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3)
  }
  const light = role => {
    const [r, g, b] = rgb(role).map(part => part / 255).map(part => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const ratio = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p)
    return (x + 0.05) / (y + 0.05)
  }
  const pairs = [
    ...['ink', 'ink-2', 'ink-3', 'link', 'red-ink', 'amber-ink', 'good-ink'].flatMap(role => [[role, 'surface'], [role, 'canvas']]),
    ['red-ink', 'red-soft'], ['amber-ink', 'amber-soft'], ['good-ink', 'good-soft'], ['ink', 'amber-soft'],
    ['on-h', 'h1'], ['on-h', 'h2'], ['on-h', 'h3'], ['on-h4', 'h4'], ['on-red', 'red'], ['on-amber', 'amber'],
  ]
  return pairs.map(([text, ground]) => [text + ' on ' + ground, Math.round(ratio(text, ground) * 10) / 10])
})()`

export const contrasts = (page: Page): Promise<[string, number][]> => page.evaluate(CONTRAST)

import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { closeBrowser, openBrowser, openPage, type Watched } from './browser.ts'
import { ensureBuilt } from './built.ts'
import { type Scene, scene, startMock } from './mock-api.ts'

type Mock = Awaited<ReturnType<typeof startMock>>

/** One browser and one server for the tests of a file; each test's pages are closed behind it. */
export const createVisits = () => {
  let browser: BrowserContext
  let mock: Mock
  const opened: Page[] = []
  return {
    /** To be called where the tests are described. */
    hooks: (): void => {
      beforeAll(async () => {
        await ensureBuilt()
        mock = await startMock()
        browser = await openBrowser()
      }, 120_000)
      afterEach(async () => {
        await Promise.all(opened.splice(0).map(page => page.close()))
      })
      afterAll(async () => {
        await closeBrowser(browser)
        await mock?.stop()
      })
    },
    open: async (part: Partial<Scene> = {}, more = ''): Promise<Watched> => {
      const watched = await openPage(browser, mock.page(scene(part), more))
      opened.push(watched.page)
      return watched
    },
    blank: async (): Promise<Page> => {
      const page = await browser.newPage()
      opened.push(page)
      return page
    },
    mock: (): Mock => mock,
  }
}

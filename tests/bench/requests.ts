import { type ChildProcess, fork } from 'node:child_process'
import { Agent, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'

const agent = new Agent({ keepAlive: true, maxSockets: 64 })

export type Call = {
  url: string
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: string
}

/** One exchange. @returns milliseconds @throws Error unless the answer is 200 */
export const timed = ({ url, method = 'GET', headers = {}, body }: Call): Promise<number> =>
  new Promise((resolve, reject) => {
    const begun = performance.now()
    const outgoing = request(url, { method, headers, agent }, reply => {
      reply.resume()
      reply.once('end', () =>
        reply.statusCode === 200
          ? resolve(performance.now() - begun)
          : reject(new Error(`${method} ${url}: ${reply.statusCode}`)),
      )
    })
    outgoing.once('error', reject)
    outgoing.end(body)
  })

/** How many exchanges a second, so many under way at once. */
export const perSecond = async (atOnce: number, ms: number, next: () => Call): Promise<number> => {
  let done = 0
  const begun = performance.now()
  const lane = async (): Promise<void> => {
    while (performance.now() - begun < ms) {
      await timed(next())
      done++
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return (done / (performance.now() - begun)) * 1000
}

/** A bare Express server in a process of its own. */
export const startBare = (): Promise<{ origin: string; stop(): void }> =>
  new Promise((resolve, reject) => {
    const child: ChildProcess = fork(fileURLToPath(new URL('./bare-server.ts', import.meta.url)))
    child.once('error', reject)
    child.once('message', address =>
      resolve({
        origin: `http://127.0.0.1:${(address as AddressInfo).port}`,
        stop: () => child.disconnect(),
      }),
    )
  })

import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export type Listening = { port: number; stop(): Promise<void> }

/** Listens and remembers its sockets, so that stopping does not wait for kept-alive connections. */
export const listen = async (handler: RequestListener, port: number, host: string): Promise<Listening> => {
  const server: Server = createServer({ keepAliveTimeout: 30_000 }, handler)
  const sockets = new Set<Socket>()
  server.on('connection', socket => {
    socket.setNoDelay(true)
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** The wanted port when nobody has it, otherwise 0: any. */
export const portOrAny = async (wanted: number, host: string): Promise<number> => {
  const probe = await listen((_req, res) => void res.end(), wanted, host).catch(() => null)
  await probe?.stop()
  return probe ? wanted : 0
}

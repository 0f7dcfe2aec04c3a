import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Sent = { chat_id: string; text: string }

export type TelegramServer = {
  origin: string
  token: string
  sent: Sent[]
  /** How often each method was asked. */
  calls: Map<string, number>
  /** Answers instead of the next replies to `sendMessage`, in turn. */
  replies: { status: number; body: object }[]
  /** What somebody does in a chat with the bot. */
  says(chatId: number, text: string, more?: { language?: string; type?: string }): void
  blocks(chatId: number): void
  pendingUpdates(): number
  stop(): Promise<void>
}

/** A Bot API that keeps updates until they are confirmed by the next offset, as the real one does. */
export const startTelegram = async (token = '77:bot-secret'): Promise<TelegramServer> => {
  const sent: Sent[] = []
  const calls = new Map<string, number>()
  const replies: { status: number; body: object }[] = []
  let updates: ({ update_id: number } & Record<string, unknown>)[] = []
  let nextId = 100
  let wake = (): void => {}
  const push = (update: Record<string, unknown>): void => {
    updates.push({ update_id: nextId++, ...update })
    wake()
  }
  const answer = async (method: string, params: Record<string, unknown>) => {
    calls.set(method, (calls.get(method) ?? 0) + 1)
    if (method === 'getMe')
      return { status: 200, body: { ok: true, result: { id: 77, username: 'planerka_test_bot' } } }
    if (method === 'deleteWebhook') return { status: 200, body: { ok: true, result: true } }
    if (method === 'getUpdates') {
      const { offset, timeout = 0 } = params as { offset?: number; timeout?: number }
      if (offset !== undefined) updates = updates.filter(({ update_id }) => update_id >= offset)
      if (updates.length === 0)
        await new Promise<void>(resolve => {
          wake = resolve
          setTimeout(resolve, timeout * 1000)
        })
      return { status: 200, body: { ok: true, result: updates } }
    }
    if (method === 'sendMessage') {
      const scripted = replies.shift()
      if (scripted) return scripted
      sent.push({ chat_id: String(params['chat_id']), text: String(params['text']) })
      return { status: 200, body: { ok: true, result: { message_id: sent.length } } }
    }
    return { status: 404, body: { ok: false, error_code: 404, description: 'Not Found' } }
  }
  const server: Server = createServer((req, res) => {
    let text = ''
    req.on('data', chunk => {
      text += chunk
    })
    req.on('end', async () => {
      const [, given, method = ''] = /^\/bot([^/]+)\/(\w+)$/.exec(req.url ?? '') ?? []
      const { status, body } =
        given === token
          ? await answer(method, JSON.parse(text || '{}'))
          : { status: 401, body: { ok: false, error_code: 401, description: 'Unauthorized' } }
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    sent,
    calls,
    replies,
    says: (chatId, text, { language = 'ru', type = 'private' } = {}) =>
      push({
        message: {
          message_id: 1,
          chat: { id: chatId, type },
          from: { id: chatId, language_code: language },
          text,
        },
      }),
    blocks: chatId =>
      push({
        my_chat_member: { chat: { id: chatId, type: 'private' }, new_chat_member: { status: 'kicked' } },
      }),
    pendingUpdates: () => updates.length,
    stop: () =>
      new Promise(resolve => {
        wake()
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

import { createServer, type Socket } from 'node:net'

export type Mail = { from: string; to: string[]; raw: string; auth: string | null }

/** What the server answers instead of agreeing: a line, or nothing and a broken connection. */
type Refusals = Partial<Record<'RCPT' | 'DATA' | 'END' | 'AUTH', string | 'break'>>

export type MailServer = {
  url: string
  port: number
  mails: Mail[]
  /** Messages that came to their end, taken or not. */
  handedOver: number
  refuse: Refusals
  stop(): Promise<void>
}

/** As much of RFC 5321 as a mail needs to be handed over, spoken on a real socket. */
export const startMailServer = (port = 0): Promise<MailServer> => {
  const mails: Mail[] = []
  const refuse: Refusals = {}
  let handedOver = 0
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    let mail: Mail = { from: '', to: [], raw: '', auth: null }
    let isData = false
    let rest = ''
    const say = (line: string): void => void socket.write(`${line}\r\n`)
    /** @returns true when the dialogue goes on as usual */
    const agrees = (step: keyof Refusals): boolean => {
      const told = refuse[step]
      if (told === undefined) return true
      if (told === 'break') socket.destroy()
      else say(told)
      return false
    }
    const command = (line: string): void => {
      const [word = ''] = line.split(' ')
      switch (word.toUpperCase()) {
        case 'EHLO':
          socket.write('250-mail.example\r\n250 AUTH PLAIN\r\n')
          return
        case 'AUTH':
          mail.auth = Buffer.from(line.split(' ')[2] ?? '', 'base64').toString()
          if (agrees('AUTH')) say('235 welcome')
          return
        case 'MAIL':
          mail = { ...mail, from: /<(.*)>/.exec(line)?.[1] ?? '', to: [], raw: '' }
          say('250 ok')
          return
        case 'RCPT':
          if (!agrees('RCPT')) return
          mail.to.push(/<(.*)>/.exec(line)?.[1] ?? '')
          say('250 ok')
          return
        case 'DATA':
          if (!agrees('DATA')) return
          isData = true
          say('354 go on')
          return
        case 'QUIT':
          say('221 bye')
          socket.end()
          return
        default:
          say('250 ok')
      }
    }
    say('220 mail.example')
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      rest += chunk
      for (;;) {
        if (isData) {
          const end = rest.indexOf('\r\n.\r\n')
          if (end < 0) return
          mail.raw = rest.slice(0, end).replaceAll('\r\n..', '\r\n.')
          rest = rest.slice(end + 5)
          isData = false
          handedOver += 1
          if (!agrees('END')) continue
          mails.push({ ...mail })
          say('250 queued')
          continue
        }
        const end = rest.indexOf('\r\n')
        if (end < 0) return
        const line = rest.slice(0, end)
        rest = rest.slice(end + 2)
        command(line)
      }
    })
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      const at = typeof address === 'object' && address !== null ? address.port : 0
      resolve({
        url: `smtp://robot%40planerka.example:smtp-secret@127.0.0.1:${at}`,
        port: at,
        mails,
        get handedOver() {
          return handedOver
        },
        refuse,
        stop: () =>
          new Promise(done => {
            server.close(() => done())
            for (const socket of sockets) socket.destroy()
          }),
      })
    })
  })
}

/** Headers (unfolded, lower-cased names) and the decoded parts of a multipart mail. */
export const readMail = (raw: string): { headers: Map<string, string>; parts: Record<string, string> } => {
  const split = (text: string): [string, string] => {
    const at = text.indexOf('\r\n\r\n')
    return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 4)]
  }
  const headersOf = (text: string): Map<string, string> =>
    new Map(
      text
        .replace(/\r\n[ \t]+/g, ' ')
        .split('\r\n')
        .map(line => [
          line.slice(0, line.indexOf(':')).toLowerCase(),
          line.slice(line.indexOf(':') + 1).trim(),
        ]),
    )
  const words = (text: string): string =>
    text
      .replace(/\?=\s+=\?/g, '?==?')
      .replace(/=\?utf-8\?([bq])\?(.*?)\?=/gi, (_all, how: string, body: string) =>
        how.toLowerCase() === 'b'
          ? Buffer.from(body, 'base64').toString()
          : quoted(body.replaceAll('_', ' ')),
      )
  const quoted = (text: string): string =>
    Buffer.from(
      text
        .replace(/=\r\n/g, '')
        .replace(/=([0-9A-F]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    ).toString('utf8')
  const [head, body] = split(raw)
  const headers = headersOf(head)
  for (const [name, value] of headers) headers.set(name, words(value))
  const boundary = /boundary="?([^";]+)"?/.exec(headers.get('content-type') ?? '')?.[1] ?? ''
  const parts: Record<string, string> = {}
  for (const piece of body.split(`--${boundary}`).slice(1, -1)) {
    const [partHead, partBody] = split(piece.replace(/^\r\n/, ''))
    const about = headersOf(partHead)
    const how = about.get('content-transfer-encoding')
    const type = (about.get('content-type') ?? '').split(';')[0] ?? ''
    parts[type] = (
      how === 'base64'
        ? Buffer.from(partBody, 'base64').toString()
        : how === 'quoted-printable'
          ? quoted(partBody)
          : partBody
    ).replaceAll('\r\n', '\n')
  }
  return { headers, parts }
}

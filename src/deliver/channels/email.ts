import { createTransport } from 'nodemailer'
import { digestText } from '../digest.ts'
import { absolute, type Channel, type Delivery, Undelivered } from './channel.ts'

const TIMEOUT_MS = 20_000

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)

const WORDS = {
  ru: { subject: 'Планёрка: на сегодня', from: 'Планёрка', stop: 'Не присылать эти письма' },
  en: { subject: 'Planerka: for today', from: 'Planerka', stop: 'Stop these messages' },
} as const

const text = ({ lines, origin, unsubscribeUrl, language }: Delivery): string => {
  const body = digestText(lines, origin)
  return unsubscribeUrl === null ? body : `${body}\n\n${WORDS[language].stop}: ${unsubscribeUrl}`
}

const html = ({ lines, origin, unsubscribeUrl, language }: Delivery): string => {
  const anchor = (url: string, label: string): string => `<a href="${escaped(url)}">${escaped(label)}</a>`
  const paragraphs = lines.map(
    ({ text: line, link }) =>
      `<p>${escaped(line)}${link === null ? '' : ` ${anchor(absolute(link.path, origin), link.label)}`}</p>`,
  )
  const footer =
    unsubscribeUrl === null
      ? ''
      : `<p style="color:#828b95;font-size:12px">${anchor(unsubscribeUrl, WORDS[language].stop)}</p>`
  return `<!doctype html><html lang="${language}"><body style="font:15px/22px Arial,sans-serif">${paragraphs.join('\n')}${footer}</body></html>`
}

/** Who the mail is from: the account it is sent through, otherwise the server's own host. */
const sender = (smtpUrl: string, publicUrl: string): string => {
  const user = decodeURIComponent(new URL(smtpUrl).username)
  return user.includes('@') ? user : `planerka@${new URL(publicUrl).hostname}`
}

/** Our own account or line, not the message: it may be mended by the next try. */
const OURS = new Set(['EAUTH', 'EDNS', 'ETLS', 'EOAUTH2'])

/** What the mail server's failure says about the message; null = it may have gone out. */
const undelivered = (error: unknown): Undelivered | null => {
  const {
    code = '',
    syscall = '',
    responseCode = 0,
  } = error as { code?: string; syscall?: string; responseCode?: number }
  const isUnheard = OURS.has(code) || syscall === 'connect' || syscall === 'getaddrinfo'
  // An answer with a code is a refusal, whenever it comes; a line that breaks says nothing.
  if (!isUnheard && responseCode === 0) return null
  const isForGood = responseCode >= 500 && !OURS.has(code)
  return new Undelivered(
    isForGood ? 'refused' : 'again',
    `The mail server did not take the message (${responseCode || code || 'no answer'})`,
  )
}

/** One transport for the process: connections are reused. */
export const createEmailChannel = (smtpUrl: string, publicUrl: string): Channel => {
  const transport = createTransport(
    {
      url: smtpUrl,
      pool: true,
      // A line that broke may have carried the message: who sends it again is not for the transport to say.
      maxRequeues: 0,
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      // Lines come from a CRM: nothing in them may name a file or an address to fetch.
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    {},
  )
  const address = sender(smtpUrl, publicUrl)
  return async delivery => {
    const { email, language, unsubscribeUrl } = delivery
    if (email === null) throw new Undelivered('refused', 'This person has given no e-mail address')
    try {
      const sent = await transport.sendMail({
        from: { name: WORDS[language].from, address },
        to: { name: '', address: email },
        subject: WORDS[language].subject,
        text: text(delivery),
        html: html(delivery),
        headers: {
          'Auto-Submitted': 'auto-generated',
          ...(unsubscribeUrl === null
            ? {}
            : {
                'List-Unsubscribe': `<${unsubscribeUrl}>`,
                'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
              }),
        },
      })
      return sent.messageId
    } catch (error) {
      throw undelivered(error) ?? new Error('The mail server broke off; the message may have gone out')
    }
  }
}

import { createTransport } from 'nodemailer'
import { AppError } from '../../errors.ts'
import { digestText } from '../digest.ts'
import { absolute, type Channel, type Delivery } from './channel.ts'

const TIMEOUT_MS = 20_000

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)

const html = ({ lines, origin }: Delivery): string =>
  lines
    .map(({ text, link }) =>
      link === null
        ? `<p>${escaped(text)}</p>`
        : `<p>${escaped(text)} <a href="${escaped(absolute(link.path, origin))}">${escaped(link.label)}</a></p>`,
    )
    .join('\n')

/** Who the mail is from: the account it is sent through, otherwise the server's own host. */
const sender = (smtpUrl: string, publicUrl: string): string => {
  const user = decodeURIComponent(new URL(smtpUrl).username)
  return user.includes('@') ? user : `planerka@${new URL(publicUrl).hostname}`
}

/** One transport for the process: connections are reused. */
export const createEmailChannel = (smtpUrl: string, publicUrl: string): Channel => {
  const transport = createTransport(
    {
      url: smtpUrl,
      pool: true,
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
    },
    { from: { name: 'Planerka', address: sender(smtpUrl, publicUrl) } },
  )
  return async delivery => {
    if (delivery.email === null)
      throw new AppError(409, 'no_address', 'This person has given no e-mail address')
    const sent = await transport.sendMail({
      to: delivery.email,
      subject: delivery.language === 'ru' ? 'Планёрка: на сегодня' : 'Planerka: for today',
      text: digestText(delivery.lines, delivery.origin),
      html: html(delivery),
    })
    return sent.messageId
  }
}

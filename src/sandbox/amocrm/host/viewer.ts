import type { Request, Response } from 'express'
import type { Account } from '../account/account.ts'
import type { UserRow } from '../account/rows.ts'

/** Who looks at the account's pages, and how. */
export type Viewer = { user: UserRow; language: 'ru' | 'en'; theme: 'light' | 'dark' }

const cookieOf = (req: Request, name: string): string | undefined =>
  (req.headers.cookie ?? '')
    .split(/;\s*/)
    .find(pair => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1)

/**
 * The signed-in person: chosen by `?user=`, `?lang=`, `?theme=` and remembered in cookies. Ports share
 * cookies, so the names carry the account's number.
 */
export const viewerOf = (account: Account, req: Request, res: Response): Viewer => {
  const prefix = `a${account.accountId}_`
  const chosen = (name: string): string | undefined => {
    const asked = req.query[name]
    if (typeof asked !== 'string' || asked === '') return cookieOf(req, prefix + name)
    res.append('Set-Cookie', `${prefix}${name}=${encodeURIComponent(asked)}; Path=/; SameSite=Lax`)
    return asked
  }
  const user = account.users.find(Number(chosen('user') ?? 0))
  const language = chosen('lang')
  return {
    user: user?.isActive && !user.isFree ? user : account.admin,
    language: language === 'ru' || language === 'en' ? language : account.language,
    theme: chosen('theme') === 'dark' ? 'dark' : 'light',
  }
}

export const roleOf = (user: UserRow): 'admin' | 'head' | 'employee' =>
  user.isAdmin ? 'admin' : user.leads.view === 'M' ? 'employee' : 'head'

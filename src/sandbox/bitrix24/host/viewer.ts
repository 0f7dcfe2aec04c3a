import type { Request, Response } from 'express'
import type { Portal } from '../state/portal.ts'
import type { UserRow } from '../state/rows.ts'

/** Who looks at the portal's pages, and how. */
export type Viewer = { user: UserRow; language: 'ru' | 'en'; theme: 'light' | 'dark' }

const cookieOf = (req: Request, name: string): string | undefined =>
  (req.headers.cookie ?? '')
    .split(/;\s*/)
    .find(pair => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1)

/**
 * The signed-in person: chosen by `?user=`, `?lang=`, `?theme=` and remembered in cookies. Ports share
 * cookies, so the names carry the portal's. A portal does not tell a frame its theme: people choose it in the
 * application, so the header has no switch for it.
 */
export const viewerOf = (portal: Portal, req: Request, res: Response): Viewer => {
  const prefix = `b24_${portal.memberId.slice(0, 8)}_`
  const chosen = (name: string): string | undefined => {
    const asked = req.query[name]
    if (typeof asked !== 'string' || asked === '') return cookieOf(req, prefix + name)
    res.append('Set-Cookie', `${prefix}${name}=${encodeURIComponent(asked)}; Path=/; SameSite=Lax`)
    return asked
  }
  const user = portal.users.find(Number(chosen('user') ?? 0))
  const language = chosen('lang')
  return {
    user: user?.isActive ? user : portal.admin,
    language: language === 'ru' || language === 'en' ? language : portal.language,
    theme: chosen('theme') === 'dark' ? 'dark' : 'light',
  }
}

export const fullName = (user: UserRow): string => `${user.name} ${user.lastName}`.trim()

export const roleOf = (portal: Portal, user: UserRow): 'admin' | 'head' | 'employee' =>
  user.isAdmin ? 'admin' : portal.departments.rows.some(row => row.headId === user.id) ? 'head' : 'employee'

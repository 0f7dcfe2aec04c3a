import { DAY } from '../../clock.ts'
import type { Portal } from './state/portal.ts'
import type { UserRow } from './state/rows.ts'

/** Adds an employee with believable defaults. */
export const addUser = (
  portal: Portal,
  user: Partial<UserRow> & { name: string; lastName: string },
): UserRow => {
  const now = portal.now()
  return portal.users.add({
    secondName: '',
    gender: '',
    email: '',
    position: '',
    departments: [],
    isActive: true,
    isAdmin: false,
    isSystem: false,
    registered: now - 400 * DAY,
    lastLogin: now - DAY,
    lastActivity: now - DAY,
    ...user,
  })
}

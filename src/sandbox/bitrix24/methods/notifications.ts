import { paramInt, paramText } from '../rest/params.ts'
import { RestError } from '../rest/rest-error.ts'
import type { Call, Method, Methods } from './method.ts'

const ATTACH_LIMIT = 60_000

const add = (kind: 'system' | 'personal'): Method => ({
  scopes: ['im'],
  run: (call: Call) => {
    const { portal, params, user } = call
    const userId = paramInt(params, 'USER_ID') || paramInt(params, 'TO')
    const message = paramText(params, 'MESSAGE')
    if (!userId) throw new RestError(400, 'USER_ID_EMPTY', "User ID can't be empty")
    if (!message) throw new RestError(400, 'MESSAGE_EMPTY', "Message can't be empty")
    const attach = params['ATTACH']
    if (attach !== undefined && JSON.stringify(attach).length > ATTACH_LIMIT)
      throw new RestError(400, 'ATTACH_OVERSIZE', 'You have exceeded the maximum allowable size of attach')
    if (!portal.users.find(userId)?.isActive) return { result: false }
    const tag = paramText(params, 'TAG')
    // The same tag takes the earlier message's place.
    let replaced = 0
    if (tag) {
      for (const row of portal.notifications.rows)
        if (row.tag === tag && row.userId === userId) replaced = row.replaced + 1
      portal.notifications.removeWhere(row => row.tag === tag && row.userId === userId)
    }
    const row = portal.notifications.add({
      kind,
      userId,
      message,
      messageOut: paramText(params, 'MESSAGE_OUT'),
      tag,
      at: portal.now(),
      fromId: kind === 'personal' ? user.id : 0,
      replaced,
    })
    return { result: row.id }
  },
})

export const notificationMethods: Methods = {
  'im.notify.system.add': add('system'),
  'im.notify.personal.add': add('personal'),
}

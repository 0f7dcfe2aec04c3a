import { isoOf } from '../rest/instants.ts'
import { asMap, param, paramList, paramMap, paramText } from '../rest/params.ts'
import { badArgument } from '../rest/rest-error.ts'
import { eventNames } from './event-names.ts'
import type { Call, Methods } from './method.ts'
import { placementCodes } from './placement-codes.ts'

const license = ({ portal }: Call): Record<string, unknown> =>
  portal.isOnPremise
    ? { LICENSE: `${portal.language}_selfhosted` }
    : {
        LICENSE: portal.licence === 'enterprise' ? `${portal.language}_ent250` : `${portal.language}_pro100`,
        LICENSE_TYPE: portal.licence === 'enterprise' ? 'ent250' : 'pro100',
        LICENSE_FAMILY: portal.licence === 'enterprise' ? 'ent' : 'pro',
      }

/** Methods of the `basic` scope, plus the lists of names. `knows` tells which methods exist. */
export const basicMethods = (
  knows: (call: Call, name: string) => { exists: boolean; available: boolean },
): Methods => ({
  profile: {
    scopes: [],
    run: ({ user, portal }) => ({
      result: {
        ID: String(user.id),
        ADMIN: user.isAdmin,
        NAME: user.name,
        LAST_NAME: user.lastName,
        PERSONAL_GENDER: user.gender,
        TIME_ZONE: '',
        TIME_ZONE_OFFSET: portal.offsetMinutes * 60,
        PERSONAL_PHOTO: null,
      },
    }),
  },
  'user.admin': { scopes: [], run: ({ user }) => ({ result: user.isAdmin }) },
  'user.access': {
    scopes: [],
    run: ({ user, params }) => ({
      result: paramList(params, 'ACCESS').some(
        code => code === 'AU' || code === `U${user.id}` || (code === 'G1' && user.isAdmin),
      ),
    }),
  },
  'app.info': {
    scopes: [],
    run: call => ({
      result: {
        ID: call.installed.id,
        CODE: call.app.code,
        VERSION: call.installed.version,
        STATUS: 'F',
        INSTALLED: call.installed.isFinished,
        PAYMENT_EXPIRED: 'N',
        DAYS: null,
        LANGUAGE_ID: call.portal.language,
        ...license(call),
      },
    }),
  },
  'app.option.get': {
    scopes: [],
    run: ({ installed, params }) => {
      const name = paramText(params, 'option')
      return { result: name ? (installed.options[name] ?? '') : installed.options }
    },
  },
  'app.option.set': {
    scopes: [],
    needsAdmin: true,
    run: ({ installed, params }) => {
      for (const [key, value] of Object.entries(paramMap(params, 'options')))
        installed.options[key] = String(value)
      return { result: true }
    },
  },
  'user.option.get': {
    scopes: [],
    run: ({ installed, user, params }) => {
      const options = installed.userOptions.get(user.id) ?? {}
      const name = paramText(params, 'option')
      return { result: name ? (options[name] ?? '') : options }
    },
  },
  'user.option.set': {
    scopes: [],
    run: ({ installed, user, params }) => {
      const options = installed.userOptions.get(user.id) ?? {}
      for (const [key, value] of Object.entries(asMap(param(params, 'options')))) options[key] = String(value)
      installed.userOptions.set(user.id, options)
      return { result: true }
    },
  },
  scope: {
    scopes: [],
    run: ({ installed, params }) => ({
      result: param(params, 'full')
        ? [
            'basic',
            'bizproc',
            'calendar',
            'crm',
            'department',
            'im',
            'imbot',
            'placement',
            'task',
            'tasks',
            'telephony',
            'timeman',
            'user',
            'user_basic',
            'user_brief',
            'userfieldconfig',
          ]
        : installed.scopes,
    }),
  },
  'method.get': {
    scopes: [],
    run: call => {
      const { exists, available } = knows(call, paramText(call.params, 'name'))
      return { result: { isExisting: exists, isAvailable: available } }
    },
  },
  'feature.get': {
    scopes: [],
    run: ({ params, portal }) => {
      const code = paramText(params, 'CODE')
      if (!code) throw badArgument('CODE')
      if (portal.isOnPremise) return { result: { value: `${portal.language}_selfhosted` } }
      return {
        result: { value: code === 'rest_offline_extended' && portal.licence !== 'enterprise' ? 'N' : 'Y' },
      }
    },
  },
  'server.time': { scopes: [], run: ({ portal }) => ({ result: isoOf(portal.now(), portal.offsetMinutes) }) },
  events: {
    scopes: [],
    run: ({ installed, params }) => ({ result: eventNames(param(params, 'full') ? null : installed.scopes) }),
  },
  'placement.list': {
    scopes: ['placement'],
    run: ({ installed, params }) => ({
      result: placementCodes(param(params, 'full') ? null : installed.scopes),
    }),
  },
})

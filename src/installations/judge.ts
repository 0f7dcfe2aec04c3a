import { isVendorError } from '../errors.ts'

/** What a vendor's error says about the installation as a whole. */
export type Judgement = {
  status: 'reauth_required' | 'suspended' | 'uninstalled'
  /** For an administrator: what happened and what to do. */
  reason: string
}

/**
 * The one place where an error changes an installation's status. A server that is down, slow or out of
 * patience says nothing about us: only a refused token or the CRM's own verdict does.
 */
export const judge = (error: unknown): Judgement | null => {
  if (!isVendorError(error)) return null
  if (error.verdict === 'suspended')
    return {
      status: 'suspended',
      reason: `The CRM does not let apps in at present (${error.code}): check the plan of the portal. We try again every day`,
    }
  if (error.verdict === 'uninstalled')
    return {
      status: 'uninstalled',
      reason: `The CRM says that the app is not installed (${error.code}). Install it again to go on`,
    }
  if (error.kind === 'auth_revoked')
    return {
      status: 'reauth_required',
      reason: `The CRM no longer accepts our access (${error.code}): an administrator has to open the app once`,
    }
  return null
}

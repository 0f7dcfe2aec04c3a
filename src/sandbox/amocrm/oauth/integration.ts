import { randomBytes } from 'node:crypto'

/** An integration as the vendor's cabinet knows it. */
export type Integration = {
  /** The id that the interface shows and tokens carry. */
  clientId: string
  /** The current secret. */
  secret: string
  /** Secrets that the token endpoint still takes. */
  secrets: string[]
  code: string
  title: string
  redirectUri: string
  /** Told when an account switches the integration off. */
  disconnectUrl: string
  /** Made in a technical account: shown in the marketplace, may have a page in the left menu. */
  isPublic: boolean
  version: string
}

export type IntegrationSetup = {
  clientId?: string
  secret?: string
  code?: string
  title?: string
  /** Where the product lives; may be told later by `setOrigin`. */
  origin?: string
  isPublic?: boolean
}

export const addressesAt = (
  origin: string,
  platform: string,
): Pick<Integration, 'redirectUri' | 'disconnectUrl'> => ({
  redirectUri: `${origin}/${platform}/oauth`,
  disconnectUrl: `${origin}/${platform}/disconnect`,
})

export const makeIntegration = (setup: IntegrationSetup, platform: string): Integration => {
  const secret = setup.secret ?? 'sandbox-secret-of-the-integration-which-is-long-enough'
  return {
    clientId: setup.clientId ?? '0b0123f4-5a6b-4c7d-8e9f-a1b2c3d4e5f6',
    secret,
    secrets: [secret],
    code: setup.code ?? 'planerka_widget',
    title: setup.title ?? 'Планёрка',
    isPublic: setup.isPublic ?? true,
    version: '1.0.0',
    ...addressesAt(setup.origin ?? 'http://127.0.0.1:3000', platform),
  }
}

/**
 * Gives the integration another secret. Signatures and one-time tokens are made with it at once; the token
 * endpoint goes on taking the old one only if asked to.
 */
export const rotateSecret = (integration: Integration, keepOld: boolean, secret?: string): string => {
  integration.secret = secret ?? randomBytes(32).toString('hex')
  integration.secrets = keepOld ? [integration.secret, ...integration.secrets] : [integration.secret]
  return integration.secret
}

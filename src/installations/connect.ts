import type { Clock } from '../clock.ts'
import { type AppError, conflict, notFound, VendorError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { PortalAddress } from '../records/portal.ts'
import type { Store } from '../store/open-store.ts'
import type { LimitLedger, Portal, Vendor } from '../vendors/vendor.ts'
import { findInstallation, type Installation } from './installation.ts'
import { type Judgement, judge } from './judge.ts'
import type { TokenOwners } from './token-owner.ts'
import { watchPortal } from './watch-portal.ts'

export type ConnectOptions = {
  signal?: AbortSignal
  /** Told each time the portal's limits make us wait until then. */
  onWait?(until: Date): void
}

export type Connections = {
  /**
   * The portal of an active installation; what its errors say about the installation is acted upon.
   * @throws AppError 404 `installation_not_found`; 409 `installation_inactive`, `reauth_required`, `portal_suspended`
   */
  portal(installationId: string, options?: ConnectOptions): Promise<Portal>
  /** The same whatever the status, and without judging: for finding out what the status should be. */
  probe(installation: Installation, options?: ConnectOptions): Portal
  /** Asked with a token that is not ours yet. */
  probeWith(installation: Installation, access: string): Portal
  vendorOf(installation: Pick<Installation, 'vendor'>): Vendor
}

const refusals: Record<Exclude<Installation['status'], 'active'>, () => AppError> = {
  uninstalled: () =>
    conflict('installation_inactive', 'The app was removed from this portal; install it again'),
  suspended: () =>
    conflict('portal_suspended', 'The CRM does not let apps in at present; we try again every day'),
  reauth_required: () =>
    conflict('reauth_required', 'The CRM no longer accepts our access: an administrator has to open the app'),
}

/** Waits shorter than this are the normal pace, not worth telling. */
const NOTABLE_WAIT = 3_000

const telling = (limits: LimitLedger, clock: Clock, onWait: (until: Date) => void): LimitLedger => ({
  async reserve(bucket, rule) {
    const wait = await limits.reserve(bucket, rule)
    if (wait >= NOTABLE_WAIT) onWait(new Date(clock.now().getTime() + wait))
    return wait
  },
  async park(key, until) {
    onWait(until)
    await limits.park(key, until)
  },
  async parkedUntil(key) {
    const until = await limits.parkedUntil(key)
    if (until && until.getTime() - clock.now().getTime() >= NOTABLE_WAIT) onWait(until)
    return until
  },
})

export const createConnections = (deps: {
  store: Store
  vendors: readonly Vendor[]
  tokens: TokenOwners
  clock: Clock
  log: Logger
  /** The event secret of an installation whose vendor puts it into the address of events. */
  eventSecretOf(installation: Installation): string | null
  onJudged(installation: Installation, judgement: Judgement): Promise<void>
}): Connections => {
  const { store, vendors, tokens, clock, log, onJudged } = deps

  const vendorOf = ({ vendor: id }: Pick<Installation, 'vendor'>): Vendor => {
    const vendor = vendors.find(candidate => candidate.id === id)
    if (!vendor) throw conflict('vendor_off', `This CRM is switched off here: its keys are not set`)
    return vendor
  }

  const connect = (
    installation: Installation,
    options: ConnectOptions,
    getToken?: (stale?: string) => Promise<string>,
    onToken?: (access: string) => void,
  ): Portal => {
    const vendor = vendorOf(installation)
    // A portal may move while it is being read: whoever holds the connection goes on at the new address.
    let { address: current } = installation
    const onMoved = async (address: PortalAddress): Promise<void> => {
      await store.installations.update(installation.id, { address })
      current = address
      log.info({ installationId: installation.id, host: address.host }, 'portal address changed')
    }
    const owner = tokens.for(
      {
        installationId: installation.id,
        vendor,
        get address() {
          return current
        },
      },
      onMoved,
    )
    const limits = store.limits.forInstallation(installation.id)
    return vendor.connect({
      get address() {
        return current
      },
      installationId: installation.id,
      eventSecret: deps.eventSecretOf(installation),
      licence: installation.licence,
      async getToken(stale) {
        const access = await (getToken ?? owner.getToken)(stale)
        onToken?.(access)
        return access
      },
      onMoved,
      limits: options.onWait ? telling(limits, clock, options.onWait) : limits,
      clock,
      log,
      ...(options.signal ? { signal: options.signal } : {}),
    })
  }

  return {
    vendorOf,
    probe: (installation, options = {}) => connect(installation, options),
    probeWith: (installation, access) =>
      connect(installation, {}, async stale => {
        if (stale === access)
          throw new VendorError('auth_revoked', 'token_refused', 'the portal does not accept this pair')
        return access
      }),
    async portal(id, options = {}) {
      const installation = await findInstallation(store, id)
      if (!installation) throw notFound('installation_not_found', 'There is no such installation')
      if (installation.status !== 'active') throw refusals[installation.status]()
      let lastToken: string | null = null
      const portal = connect(installation, options, undefined, access => {
        lastToken = access
      })
      return watchPortal(portal, async error => {
        const judgement = judge(error)
        if (!judgement) return
        // The installation may have been mended while this call was on its way.
        if (lastToken !== null && !(await tokens.isCurrent(id, lastToken))) return
        await onJudged(installation, judgement)
      })
    },
  }
}

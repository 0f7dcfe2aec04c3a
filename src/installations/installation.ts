import type { InstallationRow } from '../store/installations.ts'
import type { Store } from '../store/open-store.ts'
import type { VendorId } from '../vendors/vendor.ts'

/** Our app installed in a portal; the event secret in it is sealed. */
export type Installation = Omit<InstallationRow, 'vendor'> & { vendor: VendorId }

/** The same portal always has the same id, however often the app is installed. */
export const installationIdOf = (vendor: VendorId, portalKey: string): string => `${vendor}-${portalKey}`

/** Only vendors write rows, so the stored word is one of theirs. */
export const installationOf = (row: InstallationRow): Installation => ({
  ...row,
  vendor: row.vendor as VendorId,
})

export const findInstallation = async (
  store: Pick<Store, 'installations'>,
  id: string,
): Promise<Installation | null> => {
  const row = await store.installations.find(id)
  return row && installationOf(row)
}

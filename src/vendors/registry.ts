import type { Clock } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Logger } from '../logger.ts'
import { createAmocrm } from './amocrm/index.ts'
import { platformsOf } from './amocrm/platform.ts'
import { createBitrix24 } from './bitrix24/index.ts'
import type { Vendor } from './vendor.ts'

/** The only list of vendors. A vendor whose keys are not set is absent. */
export const createVendors = (config: Config, deps: { clock: Clock; log: Logger }): Vendor[] => {
  const bitrix24 = createBitrix24(config, deps)
  const amocrm = platformsOf(config).map(platform => createAmocrm(platform, deps))
  return [...(bitrix24 === null ? [] : [bitrix24]), ...amocrm]
}

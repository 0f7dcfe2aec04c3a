import { describe, expect, test } from 'vitest'
import { asVendorError, refusalOf } from '../../../src/vendors/bitrix24/errors.ts'

/** The vendor's error matrix, row by row: status, code, text → kind, remedy, what it says of the installation. */
const MATRIX: [number, string | number, string, string, string, string | undefined][] = [
  [401, 'expired_token', '', 'auth_revoked', 'refresh', undefined],
  [401, 'invalid_token', '', 'auth_revoked', 'refresh', undefined],
  [401, 'NO_AUTH_FOUND', '', 'auth_revoked', 'refresh', undefined],
  [401, 'authorization_error', '', 'auth_revoked', 'stop', undefined],
  [401, 'APPLICATION_NOT_FOUND', '', 'auth_revoked', 'stop', 'uninstalled'],
  [401, 'CONNECTION_ERROR', '', 'unavailable', 'retry', undefined],
  [403, 'insufficient_scope', '', 'rejected', 'stop', undefined],
  [401, 'insufficient_scope', '', 'rejected', 'stop', undefined],
  [403, 'user_access_error', '', 'auth_revoked', 'stop', undefined],
  [403, 'ACCESS_DENIED', 'Access denied.', 'rejected', 'stop', undefined],
  [403, 'ACCESS_DENIED', 'REST is available only on commercial plans', 'unavailable', 'stop', 'suspended'],
  [403, 'ACCESS_DENIED', 'REST доступен на коммерческих тарифах', 'unavailable', 'stop', 'suspended'],
  [403, 'allowed_only_intranet_user', '', 'rejected', 'stop', undefined],
  [403, 'INVALID_CREDENTIALS', '', 'rejected', 'stop', undefined],
  [403, 'WRONG_AUTH_TYPE', '', 'rejected', 'stop', undefined],
  [401, 'METHOD_CONFIRM_WAITING', '', 'rejected', 'stop', undefined],
  [403, 'METHOD_CONFIRM_DENIED', '', 'rejected', 'stop', undefined],
  [402, 'PAYMENT_REQUIRED', '', 'unavailable', 'stop', 'suspended'],
  [503, 'QUERY_LIMIT_EXCEEDED', '', 'rate_limited', 'slow', undefined],
  [429, 'OPERATION_TIME_LIMIT', '', 'rate_limited', 'park', undefined],
  [400, 'OPERATION_TIME_LIMIT', '', 'rate_limited', 'park', undefined],
  [503, 'OVERLOAD_LIMIT', '', 'unavailable', 'stop', 'suspended'],
  [500, 'INTERNAL_SERVER_ERROR', '', 'unavailable', 'retry', undefined],
  [500, 'ERROR_UNEXPECTED_ANSWER', '', 'unavailable', 'retry', undefined],
  [502, '', '', 'unavailable', 'retry', undefined],
  [504, '', '', 'unavailable', 'retry', undefined],
  [500, 'PORTAL_DELETED', '', 'auth_revoked', 'stop', 'uninstalled'],
  [403, 'PORTAL_DELETED', '', 'auth_revoked', 'stop', 'uninstalled'],
  [404, 'ERROR_METHOD_NOT_FOUND', '', 'rejected', 'stop', undefined],
  [404, 'ERROR_MANIFEST_IS_NOT_AVAILABLE', '', 'rejected', 'stop', undefined],
  [400, 'ERROR_BATCH_LENGTH_EXCEEDED', '', 'rejected', 'stop', undefined],
  [405, 'ERROR_BATCH_METHOD_NOT_ALLOWED', '', 'rejected', 'stop', undefined],
  [400, 'INVALID_REQUEST', '', 'rejected', 'stop', undefined],
  [400, 'INVALID_ARG_VALUE', '', 'rejected', 'stop', undefined],
  [400, 'ERROR_ARGUMENT', '', 'rejected', 'stop', undefined],
  [400, 100, '', 'rejected', 'stop', undefined],
  [400, '', 'Invalid sorting key', 'rejected', 'stop', undefined],
  [400, 0, '', 'rejected', 'stop', undefined],
  [400, '0', '', 'rejected', 'stop', undefined],
  [400, 'NOT_FOUND', '', 'rejected', 'stop', undefined],
  [400, 'ERROR_NOT_FOUND', '', 'rejected', 'stop', undefined],
  [400, 'ENTITY_TYPE_NOT_SUPPORTED', '', 'rejected', 'stop', undefined],
  [400, 'ERROR_CORE', '', 'unavailable', 'retry', undefined],
  [422, 'BITRIX_REST_V3_EXCEPTION_VALIDATION', '', 'rejected', 'stop', undefined],
  [400, 'constructor', '', 'rejected', 'stop', undefined],
]

describe('a refusal of the portal', () => {
  test.each(MATRIX)('%s %s «%s» is %s, remedy %s', (status, code, text, kind, remedy, verdict) => {
    const refusal = refusalOf(status, code, text)
    expect(refusal).toMatchObject({ kind, remedy })
    expect(refusal.verdict).toBe(verdict)
    expect(asVendorError(refusal, 'crm.item.list')).toMatchObject({ kind, verdict })
  })

  test('keeps free text of the portal out of codes and messages', () => {
    const refusal = refusalOf(400, 'token 12345 of Ivan is bad', 'token 12345')
    expect(refusal.code).toBe('HTTP_400')
    expect(asVendorError(refusal, 'profile').message).not.toContain('12345')
  })
})

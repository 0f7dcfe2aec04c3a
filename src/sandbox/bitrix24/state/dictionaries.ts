import type { CategoryRow, CustomFieldRow, Semantic, StatusRow } from './rows.ts'

/** Object types of the CRM. */
export const LEAD = 1
export const DEAL = 2
export const CONTACT = 3
export const INVOICE = 31

export type StageSpec = { id: string; name: string; semantic?: 'S' | 'F'; color?: string }

/** Name of the dictionary that holds the stages of a pipeline. */
export const stageEntityId = (entityTypeId: number, categoryId: number): string => {
  if (entityTypeId === LEAD) return 'STATUS'
  if (entityTypeId === INVOICE) return `SMART_INVOICE_STAGE_${categoryId}`
  return categoryId === 0 ? 'DEAL_STAGE' : `DEAL_STAGE_${categoryId}`
}

/** A stage's full id: pipeline 0 of deals has no prefix. */
export const stageIdOf = (entityTypeId: number, categoryId: number, code: string): string => {
  if (entityTypeId === LEAD) return code
  if (entityTypeId === INVOICE) return `DT31_${categoryId}:${code}`
  return categoryId === 0 ? code : `C${categoryId}:${code}`
}

/** Categories, dictionaries and custom fields: what an admin sets up and deals refer to. */
export class Dictionaries {
  readonly categories: CategoryRow[] = []
  readonly statuses: StatusRow[] = []
  readonly customFields: CustomFieldRow[] = []
  #semantics = new Map<string, Semantic>()
  #nextStatusId = 1
  #nextFieldId = 100
  #nextOptionId = 40

  addCategory(category: Omit<CategoryRow, 'isDefault'> & { isDefault?: boolean }, stages: StageSpec[]): void {
    this.categories.push({ isDefault: false, ...category })
    stages.forEach((stage, index) => {
      this.addStage(category.entityTypeId, category.id, stage, (index + 1) * 10)
    })
  }

  addStage(entityTypeId: number, categoryId: number, stage: StageSpec, sort: number): StatusRow {
    const statusId = stageIdOf(entityTypeId, categoryId, stage.id)
    const row: StatusRow = {
      id: this.#nextStatusId++,
      entityId: stageEntityId(entityTypeId, categoryId),
      statusId,
      name: stage.name,
      sort,
      isSystem: ['NEW', 'WON', 'LOSE', 'CONVERTED', 'JUNK'].includes(stage.id),
      categoryId: entityTypeId === LEAD ? null : categoryId,
      color:
        stage.color ?? (stage.semantic === 'S' ? '#7BD500' : stage.semantic === 'F' ? '#FF5752' : '#39A8EF'),
      semantic: stage.semantic ?? null,
      extra:
        stage.semantic === 'S'
          ? 'success'
          : stage.semantic === 'F'
            ? stage.id === 'APOLOGY'
              ? 'apology'
              : 'failure'
            : 'process',
    }
    this.statuses.push(row)
    this.#semantics.set(`${entityTypeId}/${categoryId}/${statusId}`, stage.semantic ?? 'P')
    return row
  }

  addStatus(entityId: string, statusId: string, name: string, sort: number): void {
    this.statuses.push({
      id: this.#nextStatusId++,
      entityId,
      statusId,
      name,
      sort,
      isSystem: false,
      categoryId: null,
      color: '',
      semantic: null,
      extra: '',
    })
  }

  /** Takes a stage out of the dictionary; history keeps naming it. */
  removeStage(statusId: string): boolean {
    const index = this.statuses.findIndex(row => row.statusId === statusId)
    if (index < 0) return false
    this.statuses.splice(index, 1)
    for (const key of this.#semantics.keys()) if (key.endsWith(`/${statusId}`)) this.#semantics.delete(key)
    return true
  }

  /** Undefined for a stage this pipeline does not have. */
  semantic(entityTypeId: number, categoryId: number, statusId: string): Semantic | undefined {
    return this.#semantics.get(`${entityTypeId}/${categoryId}/${statusId}`)
  }

  stages(entityTypeId: number, categoryId: number): StatusRow[] {
    const entityId = stageEntityId(entityTypeId, categoryId)
    return this.statuses.filter(row => row.entityId === entityId).sort((a, b) => a.sort - b.sort)
  }

  addCustomField(
    field: Omit<CustomFieldRow, 'id' | 'options' | 'sort' | 'isMultiple' | 'isMandatory'> & {
      options?: string[]
      isMultiple?: boolean
      isMandatory?: boolean
    },
  ): CustomFieldRow {
    const row: CustomFieldRow = {
      id: this.#nextFieldId++,
      entityTypeId: field.entityTypeId,
      fieldName: field.fieldName,
      userType: field.userType,
      labels: field.labels,
      isMultiple: field.isMultiple ?? false,
      isMandatory: field.isMandatory ?? false,
      sort: 100 * (this.customFields.length + 1),
      options: (field.options ?? []).map((value, index) => ({
        id: this.#nextOptionId++,
        value,
        sort: (index + 1) * 10,
      })),
    }
    this.customFields.push(row)
    return row
  }

  fieldsOf(entityTypeId: number): CustomFieldRow[] {
    return this.customFields.filter(field => field.entityTypeId === entityTypeId)
  }
}

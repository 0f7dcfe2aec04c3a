import { LineChart } from 'echarts/charts'
import { GridComponent, MarkLineComponent, TooltipComponent } from 'echarts/components'
import { type EChartsType, init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import type { Week } from '../../http/api-schema.ts'

use([LineChart, GridComponent, MarkLineComponent, TooltipComponent, SVGRenderer])

export const createChart = (element: HTMLElement): EChartsType => init(element, null, { renderer: 'svg' })

export type TrendWords = {
  target: string
  marks: { index: number; label: string; dotted: boolean }[]
  heads: string[]
  /** One line of the tooltip for a week. */
  tip: (week: Week) => string
  value: (value: number) => string
}

/** The chart library understands plain colours only: a role is painted on one pixel and read back. */
const colourOf = (role: string, alpha = 1): string => {
  const canvas = document.createElement('canvas')
  canvas.width = 1
  canvas.height = 1
  const context = canvas.getContext('2d')
  if (context === null) return '#888'
  const probe = document.createElement('i')
  probe.style.color = `var(--pl-${role})`
  document.body.append(probe)
  context.fillStyle = getComputedStyle(probe).color
  probe.remove()
  context.fillRect(0, 0, 1, 1)
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data
  return `rgba(${red},${green},${blue},${alpha})`
}

const TARGET = 70
const NEAR_WEEKS = 3

/** The word of the target stands at the end of its line that is farther from the curve, on the free side. */
const targetPlace = (known: readonly number[]): string => {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
  const [start, end] = [mean(known.slice(0, NEAR_WEEKS)), mean(known.slice(-NEAR_WEEKS))]
  const isStart = Math.abs(start - TARGET) >= Math.abs(end - TARGET)
  const isAbove = (isStart ? start : end) >= TARGET
  return `inside${isStart ? 'Start' : 'End'}${isAbove ? 'Bottom' : 'Top'}`
}

/** Measured weeks in stretches of one set of rules each: a changed rule or target starts a new line. */
export const seriesOf = (weeks: readonly Pick<Week, 'isReconstructed' | 'rulesVersion'>[]): number[][] => {
  const stretches: number[][] = []
  let version: string | null | undefined
  weeks.forEach(({ isReconstructed, rulesVersion }, index) => {
    if (isReconstructed) return
    // A week without a snapshot belongs to the line around it.
    if (
      stretches.length === 0 ||
      (rulesVersion !== null && version !== undefined && rulesVersion !== version)
    )
      stretches.push([])
    if (rulesVersion !== null) version = rulesVersion
    stretches.at(-1)!.push(index)
  })
  return stretches
}

export const trendOption = (
  weeks: readonly Week[],
  words: TrendWords,
  isSmall: boolean,
): Record<string, unknown> => {
  // A week without enough coverage comes without a value: a gap, not a guess.
  const values = weeks.map(week => week.value)
  const lastIndex = values.findLastIndex(value => value !== null)
  const lastRebuilt = weeks.findLastIndex(week => week.isReconstructed)
  const stretches = seriesOf(weeks)
  const link = colourOf('link')
  const surface = colourOf('surface')
  const known = values.filter(value => value !== null)
  const low = Math.min(...weeks.flatMap(week => (week.low === null ? [] : [week.low])), ...known)
  // The axis starts at 20 only when nothing lies below, and says so by its label.
  const floor = low >= 20 ? 20 : 0
  const bands = weeks.map((week, index) =>
    values[index] === null || week.low === null || week.high === null
      ? null
      : [week.low, week.high - week.low],
  )
  const line = (data: (number | null)[], dashed: boolean): Record<string, unknown> => ({
    type: 'line',
    data: data.map((value, index) =>
      value === null
        ? null
        : {
            value,
            symbolSize: index === lastIndex ? 10 : 5,
            itemStyle:
              index === lastIndex
                ? {
                    color: weeks[index]?.isPartial === true ? surface : link,
                    borderColor: weeks[index]?.isPartial === true ? link : surface,
                    borderWidth: 2,
                  }
                : { color: link, borderColor: surface, borderWidth: 1 },
            label:
              index === lastIndex
                ? {
                    show: true,
                    position: 'right',
                    formatter: words.value(value),
                    color: link,
                    fontSize: isSmall ? 14 : 18,
                    fontWeight: 700,
                    distance: 10,
                  }
                : { show: false },
          },
    ),
    symbol: 'circle',
    showAllSymbol: true,
    connectNulls: false,
    lineStyle: { color: link, width: 2.5, type: dashed ? [5, 4] : 'solid' },
    z: 5,
    emphasis: { disabled: true },
  })
  return {
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 30, right: isSmall ? 34 : 48, top: 24, bottom: 24 },
    tooltip: {
      trigger: 'axis',
      confine: true,
      backgroundColor: surface,
      borderColor: colourOf('edge'),
      textStyle: { color: colourOf('ink'), fontSize: 12 },
      axisPointer: { lineStyle: { color: colourOf('edge') } },
      formatter: (points: { dataIndex: number }[]) => {
        const week = weeks[points[0]?.dataIndex ?? -1]
        return week === undefined ? '' : words.tip(week)
      },
    },
    xAxis: {
      type: 'category',
      boundaryGap: false,
      data: words.heads,
      axisLine: { lineStyle: { color: colourOf('edge') } },
      axisTick: { show: false },
      axisLabel: { color: colourOf('ink-2'), fontSize: 11, interval: isSmall ? 2 : 0, hideOverlap: false },
    },
    yAxis: {
      type: 'value',
      min: floor,
      max: 100,
      interval: 20,
      axisLabel: { color: colourOf('ink-2'), fontSize: 11 },
      splitLine: { lineStyle: { color: colourOf('line') } },
    },
    series: [
      {
        type: 'line',
        stack: 'band',
        data: bands.map(band => band?.[0] ?? null),
        symbol: 'none',
        lineStyle: { opacity: 0 },
        silent: true,
      },
      {
        type: 'line',
        stack: 'band',
        data: bands.map(band => band?.[1] ?? null),
        symbol: 'none',
        lineStyle: { opacity: 0 },
        areaStyle: { color: colourOf('link', 0.13) },
        silent: true,
      },
      {
        ...line(
          values.map((value, index) => (stretches[0]?.includes(index) === true ? value : null)),
          false,
        ),
        markLine: {
          silent: true,
          symbol: 'none',
          label: { fontSize: 11 },
          data: [
            {
              yAxis: TARGET,
              lineStyle: { color: colourOf('good-ink'), type: 'dashed', width: 1 },
              label: {
                formatter: words.target,
                position: targetPlace(known),
                color: colourOf('good-ink'),
              },
            },
            ...words.marks.map(mark => ({
              xAxis: mark.index,
              lineStyle: {
                color: colourOf('ink'),
                type: mark.dotted ? 'dotted' : 'solid',
                width: mark.dotted ? 1.5 : 1,
              },
              label: { formatter: mark.label, position: 'end', color: colourOf('ink-2'), distance: 3 },
            })),
          ],
        },
      },
      ...stretches.slice(1).map(stretch =>
        line(
          values.map((value, index) => (stretch.includes(index) ? value : null)),
          false,
        ),
      ),
      // The rebuilt part reaches the first measured week, so the line does not break where the source changes.
      line(
        values.map((value, index) => (index <= lastRebuilt + 1 && lastRebuilt >= 0 ? value : null)),
        true,
      ),
    ],
  }
}

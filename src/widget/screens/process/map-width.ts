import { onBeforeUnmount, onMounted, type Ref, ref } from 'vue'

/** Width that a map has before it was measured, px. */
const FIRST_WIDTH = 1184

/** The width of a map's host, whole px, as the frame changes. */
export const useMapWidth = (host: Readonly<Ref<HTMLElement | null>>): Ref<number> => {
  const width = ref(FIRST_WIDTH)
  let observer: ResizeObserver | undefined
  onMounted(() => {
    observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined && entry.contentRect.width > 0)
        width.value = Math.round(entry.contentRect.width)
    })
    if (host.value !== null) observer.observe(host.value)
  })
  onBeforeUnmount(() => observer?.disconnect())
  return width
}

// Medians, spreads, and how figures are written.

/** The middle of some figures. */
export function median(figures) {
  const sorted = [...figures].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Median, least and most of some figures. */
export function spread(figures) {
  return { median: median(figures), least: Math.min(...figures), most: Math.max(...figures) };
}

/** A figure as a person reads it: three digits, or whole. */
export function written(figure) {
  if (!Number.isFinite(figure)) return '–';
  if (Math.abs(figure) >= 100) return Math.round(figure).toLocaleString('en-US');
  return Number(figure.toPrecision(3)).toString();
}

/** `1,491 (1,277–1,732) a second`. */
export function told({ median, least, most }, unit = '') {
  const range = least === most ? '' : ` (${written(least)}–${written(most)})`;
  return `${written(median)}${range}${unit && ` ${unit}`}`;
}

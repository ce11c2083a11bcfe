/** Where tiles go: sizes in, rectangles out. */

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Area {
  width: number;
  height: number;
}

const GAP = 8;
/** Pictures are 16:9. A taller tile cuts their sides off: a little on a screen, more on a phone. */
const WIDEST = 16 / 9;
const TALLEST_WIDE = 6 / 5;
const TALLEST_TALL = 4 / 5;
/** A tile counts as at most this many times the square of its width. */
const PORTRAIT_WORTH = 1.3;

function cell(area: Area, columns: number, rows: number): Area {
  const width = (area.width - GAP * (columns - 1)) / columns;
  const height = (area.height - GAP * (rows - 1)) / rows;
  if (width <= 0 || height <= 0) return { width: 0, height: 0 };
  if (width / height > WIDEST) return { width: height * WIDEST, height };
  const tallest = area.width > area.height ? TALLEST_WIDE : TALLEST_TALL;
  if (width / height < tallest) return { width, height: width / tallest };
  return { width, height };
}

/**
 * Equal tiles for `count` people, the largest that fit, rows centred. The shape nearest to a
 * picture wins between arrangements of equal area.
 */
export function arrangeGrid(area: Area, count: number): Box[] {
  if (count === 0 || area.width <= 0 || area.height <= 0) return [];
  let best = { columns: 1, rows: count, size: cell(area, 1, count), score: -1 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const size = cell(area, columns, rows);
    // Height beyond a portrait's helps nobody: what counts is bounded by the width.
    const score = Math.min(size.width * size.height, size.width ** 2 * PORTRAIT_WORTH);
    if (score > best.score) best = { columns, rows, size, score };
  }
  return place(area, count, best.columns, best.rows, best.size);
}

function place(area: Area, count: number, columns: number, rows: number, size: Area): Box[] {
  const boxes: Box[] = [];
  const top = (area.height - rows * size.height - (rows - 1) * GAP) / 2;
  for (let index = 0; index < count; index += 1) {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, count - row * columns);
    const left = (area.width - inRow * size.width - (inRow - 1) * GAP) / 2;
    boxes.push({
      x: Math.round(left + (index % columns) * (size.width + GAP)),
      y: Math.round(top + row * (size.height + GAP)),
      width: Math.floor(size.width),
      height: Math.floor(size.height),
    });
  }
  return boxes;
}

/** One large tile and a strip of the others: beside it on a wide area, below it on a tall one. */
export function arrangeSpotlight(area: Area, count: number): Box[] {
  if (count === 0 || area.width <= 0 || area.height <= 0) return [];
  if (count === 1) return [{ x: 0, y: 0, width: area.width, height: area.height }];
  const wide = area.width > area.height;
  const strip = wide
    ? Math.min(260, Math.max(120, area.width * 0.2))
    : Math.min(140, Math.max(72, area.height * 0.18));
  const fits = stripCapacity(area, strip, wide);
  const others = Math.min(count - 1, fits);
  const large: Box = wide
    ? { x: 0, y: 0, width: Math.floor(area.width - strip - GAP), height: area.height }
    : { x: 0, y: 0, width: area.width, height: Math.floor(area.height - strip - GAP) };
  const boxes = [large];
  const small = wide
    ? { width: strip, height: strip / WIDEST }
    : { width: Math.min(strip, (area.width - GAP * (others - 1)) / others), height: strip };
  for (let index = 0; index < others; index += 1) {
    boxes.push({
      x: Math.round(wide ? area.width - strip : index * (small.width + GAP)),
      y: Math.round(wide ? index * (small.height + GAP) : area.height - strip),
      width: Math.floor(small.width),
      height: Math.floor(small.height),
    });
  }
  return boxes;
}

function stripCapacity(area: Area, strip: number, wide: boolean): number {
  const length = wide ? area.height : area.width;
  const each = wide ? strip / WIDEST : strip;
  return Math.max(1, Math.floor((length + GAP) / (each + GAP)));
}

/** How many equal tiles fit before they become too small to know a face. */
export function gridCapacity(area: Area): number {
  const columns = Math.max(1, Math.floor((area.width + GAP) / (150 + GAP)));
  const rows = Math.max(1, Math.floor((area.height + GAP) / (110 + GAP)));
  return columns * rows;
}

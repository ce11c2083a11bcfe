/** How loud a voice is over time, drawn as bars; only a picture, the numbers are elsewhere. */
import { useEffect, useRef } from "preact/hooks";

export interface WaveformProps {
  /** Heights of `count` bars, 0 to 1; null where nothing was recorded. */
  heights: (count: number) => readonly (number | null)[];
  /** Changes whenever `heights` would answer otherwise. */
  version: unknown;
  muted?: boolean;
}

/** Width of a bar with its gap, in CSS pixels. */
const STEP = 3;
const BAR = 2;
/** Loudness of speech is spread over a thousandfold: the root shows quiet words too. */
const CURVE = 0.6;
const DIMMED = 0.35;

export function Waveform({ heights, version, muted = false }: WaveformProps) {
  const self = useRef<HTMLCanvasElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` stands for `heights`
  useEffect(() => {
    const canvas = self.current;
    if (!canvas) return;
    const paint = () => draw(canvas, heights, muted);
    const watch = new ResizeObserver(paint);
    watch.observe(canvas);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", paint);
    const theme = new MutationObserver(paint);
    theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    paint();
    return () => {
      watch.disconnect();
      theme.disconnect();
      scheme.removeEventListener("change", paint);
    };
  }, [version, muted]);
  return (
    <div class="waveform" aria-hidden="true">
      <canvas ref={self} />
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, heights: WaveformProps["heights"], muted: boolean): void {
  const { clientWidth: width, clientHeight: height } = canvas;
  const pen = canvas.getContext("2d");
  if (!pen || width === 0) return;
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  pen.scale(devicePixelRatio, devicePixelRatio);
  pen.fillStyle = getComputedStyle(canvas).color;
  pen.globalAlpha = muted ? DIMMED : 1;
  for (const [index, bar] of heights(Math.max(1, Math.floor(width / STEP))).entries()) {
    if (bar === null) continue;
    const tall = Math.max(1.5, bar ** CURVE * height);
    pen.fillRect(index * STEP, (height - tall) / 2, BAR, tall);
  }
}

/** Draws what a BlurHash (https://blurha.sh) tells of an image: a few cosine waves for each colour. Pure. */

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
const BASE = 83;
const STEPS = 19;
const MIDDLE = 9;

type Colour = readonly [red: number, green: number, blue: number];

/** What a hash holds: how many waves there are across and down, and the colour of each in linear light, the mean first. */
interface Waves {
  across: number;
  down: number;
  colours: readonly Colour[];
}

/** Return the mean colour that a BlurHash tells, as CSS; null if it is none. */
export function meanColour(hash: string): string | null {
  const mean = numberOf(hash.slice(2, 6));
  return hash.length < 6 || mean === null ? null : `rgb(${bytesOf(mean).join(" ")})`;
}

/**
 * Return the picture that a BlurHash tells, as red, green, blue and opacity of each pixel, row by row; null if it is none.
 *
 * @param width In pixels, likewise the height.
 */
export function blurred(hash: string, width: number, height: number): Uint8ClampedArray<ArrayBuffer> | null {
  const waves = wavesOf(hash);
  if (waves === null) return null;
  const { across, down, colours } = waves;
  const [acrossAt, downAt] = [cosines(across, width), cosines(down, height)];
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sum: [number, number, number] = [0, 0, 0];
      colours.forEach((colour, place) => {
        const share = (acrossAt[x]?.[place % across] ?? 0) * (downAt[y]?.[Math.floor(place / across)] ?? 0);
        for (const part of [0, 1, 2] as const) sum[part] += colour[part] * share;
      });
      pixels.set([...sum.map(toScreen), 255], (y * width + x) * 4);
    }
  }
  return pixels;
}

function wavesOf(hash: string): Waves | null {
  const [size, most, mean] = [numberOf(hash.slice(0, 1)), numberOf(hash.slice(1, 2)), numberOf(hash.slice(2, 6))];
  if (size === null || most === null || mean === null) return null;
  const [across, down] = [(size % MIDDLE) + 1, Math.floor(size / MIDDLE) + 1];
  if (hash.length !== 4 + 2 * across * down) return null;
  const colours: Colour[] = [bytesOf(mean).map(toLight) as unknown as Colour];
  for (let place = 6; place < hash.length; place += 2) {
    const value = numberOf(hash.slice(place, place + 2));
    if (value === null) return null;
    const steps = [Math.floor(value / STEPS ** 2), Math.floor(value / STEPS) % STEPS, value % STEPS];
    colours.push(steps.map((step) => strength(step) * ((most + 1) / 166)) as unknown as Colour);
  }
  return { across, down, colours };
}

/** How strong a wave is, from −1 to 1; weak ones are told apart more finely. */
function strength(step: number): number {
  const part = (step - MIDDLE) / MIDDLE;
  return Math.sign(part) * part ** 2;
}

function numberOf(text: string): number | null {
  const digits = [...text].map((character) => DIGITS.indexOf(character));
  return digits.length === 0 || digits.includes(-1) ? null : digits.reduce((sum, digit) => sum * BASE + digit, 0);
}

const bytesOf = (value: number): number[] => [(value >> 16) & 255, (value >> 8) & 255, value & 255];

function cosines(waves: number, length: number): number[][] {
  return Array.from({ length }, (_, at) =>
    Array.from({ length: waves }, (_, wave) => Math.cos((Math.PI * wave * at) / length)),
  );
}

function toLight(byte: number): number {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function toScreen(light: number): number {
  const value = Math.min(1, Math.max(0, light));
  return Math.round(255 * (value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055));
}

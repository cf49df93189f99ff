/** The few pictures that the app draws, as lines of the text's colour. */

const PATHS = {
  back: "M15 5l-7 7 7 7",
  plus: "M12 5v14M5 12h14",
  gear: "M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M12 2.5v3M12 18.5v3M2.5 12h3M18.5 12h3M5.3 5.3l2.1 2.1M16.6 16.6l2.1 2.1M5.3 18.7l2.1-2.1M16.6 7.4l2.1-2.1",
  send: "M4 12l16-8-6 16-3-7z",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14M16 16l5 5",
  close: "M6 6l12 12M18 6L6 18",
  down: "M6 9l6 6 6-6",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 8v4l3 2",
  tick: "M5 12.5l4.5 4.5L19 7",
  ticks: "M2 12.5l4.5 4.5L15 8M11 16l1.5 1L22 8",
  ring: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M8.5 12.5l2.5 2.5 4.5-5.5",
  warn: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 8v5M12 15.8v.4",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  group:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M2.5 20c0-4 3-6 6.500-6s6.500 2 6.500 6M16 4.500a3.500 3.500 0 0 1 0 6.500M18 14.500c2.300.700 3.500 2.600 3.500 5.500",
  channel: "M4 10v4l11 5V5zM15 9c2 .5 3 1.600 3 3s-1 2.500-3 3M7 15v4h3v-3",
  file: "M7 3h7l5 5v13H7zM14 3v5h5",
  clip: "M8 12l6-6a3 3 0 0 1 4.300 4.300l-8 8a5 5 0 0 1-7-7l7.500-7.500",
  mute: "M6 17v-6a6 6 0 0 1 10-4.500M18 12v5H10M10 20.500h4M4 4l16 16",
  pin: "M9 4h6l-1 6 3 3H7l3-3zM12 13v7",
  pause: "M9 5v14M15 5v14",
  play: "M8 5l11 7-11 7z",
  smile: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M9 10v.3M15 10v.3M8.500 14a4 4 0 0 0 7 0",
  reply: "M9 6l-6 6 6 6M3 12h10c5 0 8 3 8 7",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, label }: { name: IconName; label?: string }) {
  return (
    <svg
      className={`icon icon-${name}`}
      viewBox="0 0 24 24"
      role={label ? "img" : "presentation"}
      aria-label={label}
      aria-hidden={!label}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

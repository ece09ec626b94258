// Builds ../assets/{app.css,app.js,htmx.min.js} from src/ and the pinned packages.
// The output depends on nothing but those inputs: no dates, no paths, no source maps.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { compile } from "sass";
import { minify } from "terser";

const here = dirname(fileURLToPath(import.meta.url));
const from = (...p) => join(here, ...p);
const out = from("..", "assets");
const overlay = from("node_modules", ".overlay");

// --- stylesheet -----------------------------------------------------------
// The component library is copied before it is compiled, so that the few things
// it offers no setting for can be exchanged in the copy.
rmSync(overlay, { recursive: true, force: true });
cpSync(from("node_modules", "govuk-frontend", "dist", "govuk"), overlay, {
  recursive: true,
  filter: (path) => !/\.(js|mjs|map|json|html|njk|css|woff2?|png|svg|ico|md)$/.test(path),
});

// 1. Our own focus ring in place of the library's yellow highlight.
cpSync(from("src", "_focused.scss"), join(overlay, "helpers", "_focused.scss"));

// 2. Radio buttons and checkboxes of 48 px instead of 44 px.
for (const name of ["radios", "checkboxes"]) {
  const path = join(overlay, "components", name, "_mixin.scss");
  const was = `$govuk-${name}-size: 40px;`;
  const text = readFileSync(path, "utf8");
  if (!text.includes(was)) throw new Error(`${name}: '${was}' not found; the library has changed`);
  writeFileSync(path, text.replace(was, `$govuk-${name}-size: 44px;`));
}

const css = compile(from("src", "app.scss"), {
  style: "compressed",
  charset: false,
  loadPaths: [overlay],
  quietDeps: true,
}).css
  // One class prefix for everything, the library's components and ours.
  .replaceAll("govuk-", "st-")
  .replace(/:root\{--st-frontend-version:[^}]*\}/g, "");

for (const banned of ["GDS Transport", "url(", "crown", "govuk"]) {
  if (css.includes(banned)) throw new Error(`app.css must not contain '${banned}'`);
}

// --- scripts --------------------------------------------------------------
const js = (await minify(readFileSync(from("src", "app.js"), "utf8"), {
  compress: { passes: 2 },
  mangle: true,
  format: { comments: false },
})).code;

// htmx and its server-sent-events extension in one file: live pages need both.
const sse = (await minify(readFileSync(from("node_modules", "htmx-ext-sse", "sse.js"), "utf8"), {
  format: { comments: false },
})).code;
const htmx = readFileSync(from("node_modules", "htmx.org", "dist", "htmx.min.js"), "utf8").trim() + "\n" + sse;

if (!existsSync(out)) mkdirSync(out);
const written = { "app.css": css, "app.js": js, "htmx.min.js": htmx };
const limits = { "app.css": 14 * 1024, "app.js": 3 * 1024, "htmx.min.js": 19 * 1024 };
let tooLarge = false;
for (const [name, text] of Object.entries(written)) {
  const body = text.trimEnd() + "\n";
  writeFileSync(join(out, name), body);
  const gz = gzipSync(body, { level: 9 }).length;
  const over = gz > limits[name];
  tooLarge ||= over;
  console.log(`${name.padEnd(12)} ${String(body.length).padStart(6)} B  gzip ${String(gz).padStart(5)} B${over ? "  OVER BUDGET" : ""}`);
}
rmSync(overlay, { recursive: true, force: true });
if (tooLarge) process.exit(1);

// Uses the Motion Photo family as browsers do: fetch and FormData, nothing else.
// node motion_client.mjs BASE_URL VIDEO PHOTO: writes the photo, prints what it saw as one line of JSON.
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";

const [base, video, target] = process.argv.slice(2);

async function expectOk(response) {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
  return response;
}

const health = await fetch(`${base}/health`, { method: "HEAD" });

const upload = new FormData();
upload.append("file", new File([await readFile(video)], basename(video), { type: "video/mp4" }));
const prepared = await (await expectOk(await fetch(`${base}/prepare`, { method: "POST", body: upload }))).json();

const range = await expectOk(await fetch(prepared.preview_url, { headers: { Range: "bytes=0-99" } }));
const head = await fetch(prepared.preview_url, { method: "HEAD" });

const wish = new FormData();
const fields = { session_id: prepared.session_id, range_start: 0.5, range_end: 2, cover_time: 1.25, speed: 1.5 };
for (const [name, value] of Object.entries(fields)) wish.append(name, String(value));
const converted = await expectOk(await fetch(`${base}/convert`, { method: "POST", body: wish }));
const photo = Buffer.from(await converted.arrayBuffer());
await writeFile(target, photo);

const urlencoded = await expectOk(
  await fetch(`${base}/convert`, { method: "POST", body: new URLSearchParams(fields) }),
);
const same = photo.equals(Buffer.from(await urlencoded.arrayBuffer()));

const json = (path, body) =>
  fetch(`${base}${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ session_id: prepared.session_id, ...body }),
  });
const thumbnail = await expectOk(await json("/thumbnail", { timestamp: 1.25 }));
const thumbnailBlob = await thumbnail.blob();
const cleaned = await (await expectOk(await json("/cleanup", {}))).json();
const gone = await json("/cleanup", {});

console.log(
  JSON.stringify({
    health: health.status,
    prepared,
    range: [range.status, (await range.arrayBuffer()).byteLength, range.headers.get("content-range")],
    size: Number(head.headers.get("content-length")),
    photo: [converted.headers.get("content-type"), photo.length, same],
    thumbnail: [thumbnailBlob.type, thumbnailBlob.size],
    cleaned,
    gone: [gone.status, (await gone.json()).error_code],
  }),
);

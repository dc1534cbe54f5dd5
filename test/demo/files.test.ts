import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspectHeader, messageLayout } from "lanelock/envelope";
import type { Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { DemoInChromium } from "./demo-page.ts";

// Files in the demo's page: sealed, opened, compared, changed, saved, cancelled.

const SEGMENT = 2 ** 18;
const LENGTH = 3 * SEGMENT + 1_000;
const plaintext = randomBytes(LENGTH);

const folder = scratchFolder("dropped");
let demo: DemoInChromium;
beforeAll(async () => {
  demo = await DemoInChromium.start();
});
afterAll(() => demo?.[Symbol.asyncDispose]());
afterEach(() => expect(demo.complaints.splice(0)).toEqual([]));

/** Chooses a file, and waits until it was sealed, opened again and compared. */
async function seal(page: Page, name: string, buffer: Buffer): Promise<Locator> {
  await page.locator("#choose-files").setInputFiles({ name, mimeType: "application/octet-stream", buffer });
  const row = rowOf(page, name);
  await row.getByText("every byte is the same").waitFor();
  return row;
}

const rowOf = (page: Page, name: string) => page.locator(".file").filter({ hasText: name });
const chooseSm4 = (page: Page) => page.locator("#files").getByRole("radio", { name: "SM4" }).check();

/** The names of the files in the private storage of this page. */
const privateFiles = (page: Page) =>
  page.evaluate(async () => {
    const names: string[] = [];
    const all = await (await navigator.storage.getDirectory()).getDirectoryHandle("lanelock-demo");
    for await (const folder of all.values()) {
      if (folder instanceof FileSystemDirectoryHandle) for await (const name of folder.keys()) names.push(name);
    }
    // One of each page only shows that it can write.
    return names.filter((name) => name !== "0");
  });

/** As a browser without pickers of files and folders. */
const withoutPickers = async (page: Page) => {
  await page.addInitScript(() => {
    for (const name of ["showSaveFilePicker", "showDirectoryPicker"]) Reflect.deleteProperty(globalThis, name);
  });
};

/** Pickers that need no hand: real handles, of files in the page's own storage. */
const withPickers = async (page: Page) => {
  await page.addInitScript(() => {
    const root = navigator.storage.getDirectory();
    Object.assign(globalThis, {
      showSaveFilePicker: async ({ suggestedName }: { suggestedName: string }) =>
        (await root).getFileHandle(`saved ${suggestedName}`, { create: true }),
      showDirectoryPicker: async () => (await root).getDirectoryHandle("picked", { create: true }),
    });
  });
};

/** The bytes of a file in the page's own storage, in Base64. */
const stored = (page: Page, path: readonly string[]) =>
  page.evaluate(async (names) => {
    let folder = await navigator.storage.getDirectory();
    for (const name of names.slice(0, -1)) folder = await folder.getDirectoryHandle(name);
    const file = await (await folder.getFileHandle(names.at(-1) ?? "")).getFile();
    const reader = new FileReader();
    const read = new Promise((resolve) => reader.addEventListener("load", resolve));
    reader.readAsDataURL(file);
    await read;
    return String(reader.result).replace(/^.*,/, "");
  }, path);

test.each([
  { cipher: "AES-256", suite: "AES-256-GCM" },
  { cipher: "SM4", suite: "SM4-GCM" },
])("$cipher: files are sealed, opened and compared; a download is what was sealed", async ({ cipher, suite }) => {
  const page = await demo.open("files", { prepare: withoutPickers });
  expect(await page.getByRole("button", { name: "Save into a folder" }).count()).toBe(0);
  if (cipher === "SM4") await chooseSm4(page);
  for (const length of [0, 1]) await seal(page, `${length}.bin`, plaintext.subarray(0, length));
  const row = await seal(page, "orders.csv", plaintext);
  expect(await row.getByText(`769 KiB · ${cipher}`).count()).toBe(1);
  const downloading = page.waitForEvent("download");
  await row.getByRole("button", { name: "Save sealed file: orders.csv" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("orders.csv.sealed");
  const message = readFileSync(await download.path());
  expect(inspectHeader(message)).toMatchObject({ suite, segmentSize: SEGMENT });
  expect(messageLayout(message, message.length)).toEqual({ segments: 4, plaintextLength: LENGTH });
  for (const at of [0, LENGTH - 16]) expect(message.includes(plaintext.subarray(at, at + 16))).toBe(false);
  await page.context().close();
});

test("one flipped bit anywhere is refused, and the page says where and with which error", async () => {
  const page = await demo.open("files");
  const row = await seal(page, "orders.csv", plaintext);
  const toggle = row.getByRole("button", { name: "Tamper with it: orders.csv" });
  expect(await toggle.getAttribute("aria-expanded")).toBe("false");
  await toggle.click();
  expect(await toggle.getAttribute("aria-expanded")).toBe("true");
  const size = Number(await row.getByRole("slider", { name: "Byte" }).getAttribute("max")) + 1;
  const header = size - LENGTH - 4 * 16;
  const segmentAt = (segment: number) => header + (segment - 1) * (SEGMENT + 16);
  const places = [
    { offset: 0, verdict: "Refused at the header." },
    { offset: header - 1, verdict: "Refused at the header." },
    { offset: segmentAt(1), verdict: "Refused at segment 1." },
    { offset: segmentAt(2) - 1, verdict: "Refused at segment 1." },
    { offset: segmentAt(3) + 77, verdict: "Refused at segment 3." },
    { offset: size - 1, verdict: "Refused at segment 4." },
  ];
  for (const { offset, verdict } of places) {
    await row.getByRole("spinbutton", { name: "Byte" }).fill(String(offset));
    expect(await row.getByRole("slider").inputValue()).toBe(String(offset));
    await row.getByRole("button", { name: "Flip a bit and open" }).click();
    const result = row.getByRole("status");
    await result.getByText("ERR_AUTHENTICATION").waitFor();
    expect(await result.innerText(), `byte ${offset}`).toContain(verdict);
    if (offset < segmentAt(2)) expect(await result.getByText("Nothing was released.").count()).toBe(1);
  }
  // The keyboard moves the slider, and each step is tried.
  await row.getByRole("slider").press("ArrowLeft");
  await row.getByText("Refused at segment 4.").waitFor();
  expect(await row.getByRole("spinbutton").inputValue()).toBe(String(size - 2));
  // Of many trials, the last one counts.
  for (const key of ["Home", "End", "Home", "ArrowRight"]) await row.getByRole("slider").press(key);
  await row.getByText("Refused at the header.").waitFor();
  expect(await row.getByRole("spinbutton").inputValue()).toBe("1");
  expect(await row.getByText("Cancelled").count()).toBe(0);
  await page.context().close();
});

test("a picked file and files of a picked folder are written; a name that is taken is not", async () => {
  const page = await demo.open("files", { prepare: withPickers });
  const row = await seal(page, "a.txt", plaintext);
  await row.getByRole("button", { name: "Save sealed file: a.txt" }).click();
  await row.getByText("Saved.").waitFor();
  const saved = Buffer.from(await stored(page, ["saved a.txt.sealed"]), "base64");
  expect(messageLayout(saved, saved.length).plaintextLength).toBe(LENGTH);
  await page.getByRole("button", { name: "Save into a folder" }).click();
  await page.getByText("Sealed files go into picked.").waitFor();
  for (const name of ["b.txt.sealed", "b.txt (2).sealed"]) {
    await page.locator("#choose-files").setInputFiles({ name: "b.txt", mimeType: "text/plain", buffer: plaintext });
    await page.getByText(`Saved as ${name}.`).waitFor();
    const first = page.locator(".file").first();
    await first.getByText("every byte is the same").waitFor();
    expect(await first.getByRole("button", { name: /^Save/ }).count()).toBe(0);
    const sealed = Buffer.from(await stored(page, ["picked", name]), "base64");
    expect(messageLayout(sealed, sealed.length).plaintextLength).toBe(LENGTH);
  }
  await page.context().close();
});

/** Drops a file of 4 GiB: one MiB, over and over. */
const dropHuge = (page: Page) =>
  page.evaluate(() => {
    const part = new Blob([new Uint8Array(2 ** 20).fill(7)]);
    const transfer = new DataTransfer();
    transfer.items.add(new File(Array<Blob>(4_096).fill(part), "huge.bin"));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  });

test("memory does not follow the length; waiting and running files are cancelled at once, and leave nothing", async () => {
  const page = await demo.open("files");
  await dropHuge(page);
  const [huge, waiting] = [rowOf(page, "huge.bin"), rowOf(page, "b.txt")];
  // 80 MiB.
  await page.waitForFunction(() => (document.querySelector<HTMLProgressElement>(".file progress")?.value ?? 0) > 0.02);
  const { bytes } = (await page.evaluate("performance.measureUserAgentSpecificMemory()")) as { bytes: number };
  expect(bytes).toBeLessThan(48 * 2 ** 20);
  await page.locator("#choose-files").setInputFiles({ name: "b.txt", mimeType: "text/plain", buffer: plaintext });
  await waiting.getByText("Waiting").waitFor();
  await waiting.getByRole("button", { name: "Cancel: b.txt" }).click();
  await waiting.getByText("Cancelled. Nothing was kept.").waitFor();
  expect(await huge.getByText(/left$/).count()).toBe(1);
  await huge.getByRole("button", { name: "Cancel: huge.bin" }).click();
  await huge.getByText("Cancelled. Nothing was kept.").waitFor();
  expect(await huge.getByRole("button", { name: /Save|Tamper|Cancel/ }).count()).toBe(0);
  expect(await privateFiles(page)).toEqual([]);
  // The next one is sealed, and deleted with its row.
  const row = await seal(page, "c.txt", plaintext);
  expect((await privateFiles(page)).length).toBe(1);
  await row.getByRole("button", { name: "Remove: c.txt" }).click();
  await expect.poll(() => privateFiles(page)).toEqual([]);
  expect(await row.count()).toBe(0);
  await page.context().close();
});

test("files and folders that a hand drops are sealed", async () => {
  mkdirSync(join(folder, "letters", "old"), { recursive: true });
  for (const name of ["one.txt", "letters/two.txt", "letters/old/three.txt"]) writeFileSync(join(folder, name), name);
  const page = await demo.open("files");
  const zone = await page.locator(".drop").boundingBox();
  const devTools = await page.context().newCDPSession(page);
  const files = ["one.txt", "letters"].map((name) => join(folder, name));
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    const data = { items: [], files, dragOperationsMask: 1 };
    await devTools.send("Input.dispatchDragEvent", { type, x: (zone?.x ?? 0) + 50, y: (zone?.y ?? 0) + 50, data });
  }
  for (const name of ["one.txt", "two.txt", "three.txt"]) {
    await rowOf(page, name).getByText("every byte is the same").waitFor();
  }
  await page.context().close();
});

test("a file that went away is an error that says what to do", async () => {
  const page = await demo.open("files");
  await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const handle = await root.getFileHandle("gone.bin", { create: true });
    const stream = await handle.createWritable();
    await stream.write(new Uint8Array(10_000));
    await stream.close();
    const file = await handle.getFile();
    await root.removeEntry("gone.bin");
    const transfer = new DataTransfer();
    transfer.items.add(file);
    const drop = new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
    document.body.dispatchEvent(drop);
  });
  const alert = rowOf(page, "gone.bin").getByRole("alert");
  await alert.waitFor();
  expect(await alert.innerText()).toMatch(/^Not(Found|Readable)Error .*Choose it again\.$/s);
  await page.context().close();
});

// Reads a feed with three libraries that much software is built on, and prints what each makes of it:
// one JSON array of {title, link, date, content} a line, in the order of the feed.
import { readFileSync } from 'node:fs'
import { extractFromJson, extractFromXml } from '@extractus/feed-extractor'
import { parseFeed } from 'feedsmith'
import Parser from 'rss-parser'

const [path] = process.argv.slice(2)
const text = readFileSync(path, 'utf8')
const isJson = path.endsWith('.json')

async function rssParser() {
  const { items } = await new Parser().parseString(text)
  return items.map((item) => ({ ...item, date: item.isoDate }))
}

function feedsmith() {
  const { feed } = parseFeed(text)
  const items = feed.entries ?? feed.items
  return items.map((item) => ({
    title: item.title?.value ?? item.title,
    link: item.url ?? item.links[0].href,
    date: item.published ?? item.date_published,
    content: item.content_html ?? item.content?.value ?? item.content,
  }))
}

function extractus() {
  const content = (item) => item.content_html ?? item.content?.['#text'] ?? item.content
  const options = { getExtraEntryFields: (item) => ({ content: content(item) }) }
  const { entries } = isJson ? extractFromJson(JSON.parse(text), options) : extractFromXml(text, options)
  return entries.map((item) => ({ ...item, date: item.published }))
}

const readers = isJson ? [feedsmith, extractus] : [rssParser, feedsmith, extractus]
for (const read of readers) {
  const items = await read()
  console.log(JSON.stringify(items.map(({ title, link, date, content }) => ({ title, link, date, content }))))
}

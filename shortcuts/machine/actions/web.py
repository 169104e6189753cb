"""Links and the network, whose answers are the world's table."""

from __future__ import annotations

from typing import Any

from shortcuts.machine import convert, members, values
from shortcuts.machine.registry import MISSING, Call, action
from shortcuts.machine.spoken_dates import text_moment
from shortcuts.machine.values import Record, RichText, Unknown, Untold, Url, items, one_or_many


@action("is.workflow.actions.url", source="user guide: URL")
def url(call: Call) -> Any:
    given = call.get("WFURLActionURL", "")
    lines = [convert.text(item, call.place) for item in items(given)]
    return one_or_many([Url(line) for line in lines if line])


@action("is.workflow.actions.openurl", source="user guide: Open URLs")
def open_url(call: Call) -> Any:
    value = call.input()
    for item in items(value):
        link = item if isinstance(item, Unknown) else _link(item, call)
        call.effect("opened", url=link)
    return value


def _link(item: Any, call: Call) -> Any:
    try:
        found = convert.url(item, call.place)
        return found.text if found else convert.text(item, call.place)
    except Untold as untold:
        return untold.unknown


@action("is.workflow.actions.showwebpage", source="user guide: Show Web Page")
def show_page(call: Call) -> Any:
    value = call.input("WFURL")
    for item in items(value):
        call.effect("opened", url=_link(item, call), browser=True)
    return value


@action("is.workflow.actions.openxcallbackurl", source="user guide: Open X-Callback URL")
def open_callback(call: Call) -> Any:
    link = _link(call.input("WFXCallbackURL"), call)
    call.effect("opened", url=link)
    return call.unknown("any", link)


@action("is.workflow.actions.geturlcomponent", source="user guide: Get Component of URL")
def component(call: Call) -> Any:
    link = convert.url(call.input("WFURL"), call.place)
    if link is None:
        return None
    wanted = call.choice("WFURLComponent", "Scheme")
    return members.url_part(link.text, wanted if wanted in members.URL_PARTS else "Scheme")


# ---------------------------------------------------------------------------------------------------------------------------------
# requests


def answer(table: dict[str, Any], link: str) -> Any:
    """Return a world's entry for an address: the exact one, else that of the longest prefix that ends in *; MISSING if there is none."""
    if link in table:
        return table[link]
    fitting = [address for address in table if address.endswith("*") and link.startswith(address[:-1])]
    return table[max(fitting, key=len)] if fitting else MISSING


def body_of(entry: Any) -> Any:
    """Return the body of an entry of the table, which may have a status and headers beside it."""
    return (
        entry["body"]
        if isinstance(entry, dict) and "body" in entry and entry.keys() <= {"body", "status", "headers", "redirect"}
        else entry
    )


def _fetched(call: Call, link: Any, kind: str = "any") -> Any:
    """Return the body for a link, or an unknown."""
    if isinstance(link, Unknown):
        raise Untold(link)
    found = answer(call.run.session.world.http, link)
    return call.unknown(kind, link) if found is MISSING else body_of(found)


@action("is.workflow.actions.downloadurl", source="user guide: Get Contents of URL")
def download(call: Call) -> Any:
    """Request each address. The body is what the world says: text, a dictionary, a file."""
    method = call.choice("WFHTTPMethod", "GET")
    sent = {}
    if method != "GET":
        kind = call.choice("WFHTTPBodyType", "JSON")
        sent = {"body": call.get({"JSON": "WFJSONValues", "Form": "WFFormValues"}.get(kind, "WFRequestVariable"))}
    if call.has("WFHTTPHeaders"):
        sent["headers"] = call.get("WFHTTPHeaders")
    bodies: list[Any] = []
    for item in items(call.input("WFURL")):
        link = _link(item, call)
        call.effect("requested", method=method, url=link, **sent)
        bodies += items(Unknown("any", values.origin("downloadurl of", link.origin)) if isinstance(link, Unknown) else _fetched(call, link))
    return one_or_many(bodies)


@action("is.workflow.actions.getwebpagecontents", source="user guide: Get Contents of Web Page")
def page_contents(call: Call) -> Any:
    link = _link(call.input(), call)
    call.effect("requested", method="GET", url=link)
    body = _fetched(call, link, "rich text")
    return RichText(body) if isinstance(body, str) else body


@action("is.workflow.actions.url.expand", source="user guide: Expand URL")
def expand(call: Call) -> Any:
    """Return where a link leads: the entry's `redirect`, else the link itself if the world has an answer for it."""
    made = []
    for item in items(call.input("URL")):
        link = _link(item, call)
        if isinstance(link, Unknown):
            raise Untold(link)
        found = answer(call.run.session.world.http, link)
        call.effect("requested", method="HEAD", url=link)
        redirect = found.get("redirect") if isinstance(found, dict) else None
        made.append(call.unknown("url", link) if found is MISSING else Url(call.said(redirect or link)))
    return one_or_many(made)


@action("is.workflow.actions.url.getheaders", source="user guide: Get Headers of URL")
def headers(call: Call) -> Any:
    link = _link(call.input(), call)
    call.effect("requested", method="HEAD", url=link)
    if isinstance(link, Unknown):
        raise Untold(link)
    found = answer(call.run.session.world.http, link)
    return found.get("headers", {}) if isinstance(found, dict) and "body" in found else call.unknown("dictionary", link)


@action("is.workflow.actions.getipaddress", source="user guide: Get Current IP Address")
def ip_address(call: Call) -> Any:
    device = call.run.state.read("device")
    return device["local_ip"] if call.choice("WFIPAddressSourceOption", "External") == "Local" else device["ip"]


# ---------------------------------------------------------------------------------------------------------------------------------
# pages


@action("is.workflow.actions.safari.geturl", source="user guide: Get Current URL from Safari")
def current_page(call: Call) -> Any:
    page = call.run.state.read("device")["page"]
    page = page.get("Page URL") if isinstance(page, Record | dict) else page
    return call.unknown("url", "the page") if page is None else convert.url(page, call.place)


@action("is.workflow.actions.getarticle", source="user guide: Get Article from Web Page")
def article(call: Call) -> Any:
    """Return the article of a page: the title and the text that its HTML has."""
    link = _link(call.input("WFWebPage"), call)
    call.effect("requested", method="GET", url=link)
    body = _fetched(call, link, "article")
    if isinstance(body, Unknown | Record):
        return body
    html = convert.text(body, call.place) if not isinstance(body, str) else body
    text = convert.html_text(html, call.place)
    start = html.find("<title>")
    title = convert.html_text(html[start + 7 : html.find("</title>")], call.place) if start >= 0 else text.split("\n")[0]
    return Record("article", {"Title": title, "Body": text, "URL": Url(call.said(link)), "Excerpt": text[:200],
                              "Number of Words": len(text.split()),
                              "Author": None, "Published Date": None, "Main Image URL": None})  # fmt: skip


@action("is.workflow.actions.rss", source="user guide: Get Items from RSS Feed; RSS 2.0 and Atom")
def rss(call: Call) -> Any:
    limit = call.whole("WFRSSItemQuantity", 10)
    link = _link(call.input("WFRSSFeedURL"), call)
    call.effect("requested", method="GET", url=link)
    body = _fetched(call, link, "list")
    if isinstance(body, Unknown | list):
        return body if isinstance(body, Unknown) else body[:limit]
    entries = _all(r"(?s)<(item|entry)\b[^>]*>(.*?)</\1>", convert.text(body, call.place), call)
    return one_or_many([_feed_item(entry, call) for _, entry in entries[: max(limit, 0)]])


def _all(pattern: str, text: str, call: Call) -> list[Any]:
    """Return what a pattern finds in a text that may be made to take for ever."""
    import regex

    return call.run.timed(lambda seconds: regex.findall(pattern, text, timeout=seconds))


def _feed_item(entry: str, call: Call) -> Record:
    def part(*tags: str) -> str:
        for tag in tags:
            if found := _all(rf"(?s)<{tag}\b[^>]*>(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?</{tag}>", entry, call):
                return convert.html_text(found[0], call.place)
        return ""

    link = part("link") or next(iter(_all(r"<link\b[^>]*href=[\"']([^\"']+)", entry, call)), "")
    return Record("article", {"Title": part("title"), "URL": Url(link) if link else None, "Body": part("description", "content", "summary"),
                              "Published Date": text_moment(part("pubDate", "published", "updated"), call.place),
                              "Author": part("author", "dc:creator")})  # fmt: skip


@action("is.workflow.actions.rss.extract", source="user guide: Get RSS Feeds from Page")
def feeds(call: Call) -> Any:
    link = _link(call.input("WFURLs"), call)
    call.effect("requested", method="GET", url=link)
    body = _fetched(call, link, "list")
    if isinstance(body, Unknown):
        return body
    page = convert.text(body, call.place)
    return one_or_many([Url(found) for found in _all(r"<link\b[^>]*application/(?:rss|atom)\+xml[^>]*href=[\"']([^\"']+)", page, call)])


def _store(call: Call, address: str, term: str, kind: str) -> Any:
    """Return the records that a search finds; the world's table answers for the address of the search."""
    link = f"{address}?term={term}"
    call.effect("requested", method="GET", url=link)
    found = _fetched(call, link, kind)
    if isinstance(found, dict) and isinstance(found.get("results"), list):
        found = found["results"]
    limit = call.whole("WFItemLimit", 25)
    made = [Record(kind, item) if isinstance(item, dict) else item for item in items(found)]
    return one_or_many(made[: max(limit, 0)])


@action("is.workflow.actions.searchitunes", source="user guide: Search iTunes Store")
def search_itunes(call: Call) -> Any:
    return _store(call, "https://itunes.apple.com/search", call.text("WFSearchTerm"), "product")


@action("is.workflow.actions.searchappstore", source="user guide: Search App Store")
def search_app_store(call: Call) -> Any:
    return _store(call, "https://itunes.apple.com/search", call.text("WFSearchTerm"), "app product")


@action("is.workflow.actions.readinglist", source="user guide: Add to Reading List")
def reading_list(call: Call) -> Any:
    value = call.input("WFURL")
    call.effect("saved", to="Reading List", urls=[_link(item, call) for item in items(value)])
    return value


@action("is.workflow.actions.imgur.upload", source="user guide: Upload to Imgur")
def imgur(call: Call) -> Any:
    value = call.input()
    call.effect("uploaded", to="Imgur", value=value)
    return call.unknown("url", value)


@action("is.workflow.actions.getmapslink", source="user guide: Get Maps URL; Apple's map links")
def maps_link(call: Call) -> Any:
    from urllib.parse import quote

    made = []
    for item in call.items():
        if isinstance(item, Record) and item.get("Latitude") is not None:
            made.append(Url(f"https://maps.apple.com/?ll={call.said(item.get('Latitude'))},{call.said(item.get('Longitude'))}"))
        else:
            made.append(Url(f"https://maps.apple.com/?q={quote(convert.text(item, call.place), errors='replace')}"))
    return one_or_many(made)

"""The page that asks for the token. It comes with the refusal itself, so that nothing but the token opens anything.

A link may carry the token behind a ``#``: browsers never send that part to anybody. Style and script stand in the page,
allowed by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

_STYLE: Final = """
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:Canvas;color:CanvasText}
main{width:min(22rem,90vw)}h1{font-size:1.4rem}label{display:block;margin:1rem 0 .3rem}
input,button{font:inherit;width:100%;box-sizing:border-box;padding:.6rem;min-height:44px}
button{margin-top:1rem}p[role=alert]{min-height:1.5em;font-weight:600}code{font-family:ui-monospace,monospace}
"""
_SCRIPT: Final = """
const form=document.querySelector('form'),said=document.querySelector('[role=alert]');
async function enter(token){
  const answer=await fetch('/v1/session',{method:'POST',headers:{'Authorization':'Bearer '+token}});
  if(answer.ok){location.replace('/');return}
  said.textContent=answer.status===401?'That is not the token.':'Refused ('+answer.status+').';
}
form.addEventListener('submit',event=>{event.preventDefault();enter(form.token.value.trim())});
const linked=new URLSearchParams(location.hash.slice(1)).get('token');
if(linked){history.replaceState(null,'','/');enter(linked)}
"""
LOGIN_PAGE: Final = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>MT5 Guard: token</title><link rel="icon" href="data:,"><style>{_STYLE}</style></head><body><main>
<h1>MT5 Guard</h1><form><label for="token">Token (<code>guard web token</code> prints it)</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Open the dashboard</button></form><p role="alert"></p></main><script>{_SCRIPT}</script></body></html>
"""


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


LOGIN_CSP: Final = (
    f"default-src 'self'; script-src {_hash(_SCRIPT)}; style-src {_hash(_STYLE)}; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; object-src 'none'"
)

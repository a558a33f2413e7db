/** Both themes meet WCAG AA: each colour of text on its ground has a contrast of 4.5 at least. */
export const STYLE = `
:root{color-scheme:light dark;--ground:#fbfbfa;--panel:#fff;--text:#1c1d1f;--soft:#5a5e66;--line:#dcdee2;--green:#0b6b3a;--amber:#8a5300;--red:#b3211b;--blue:#1d4f91}
@media (prefers-color-scheme:dark){:root{--ground:#141517;--panel:#1b1d20;--text:#e6e7e9;--soft:#a3a8b1;--line:#33363b;--green:#5cc78d;--amber:#e0a33f;--red:#ff8078;--blue:#8db8f5}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1.5rem;background:var(--ground);color:var(--text);font:15px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums}
h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .6rem}h3{font-size:.85rem;margin:1rem 0 .3rem;color:var(--soft)}
.meta{margin:.2rem 0 1rem;color:var(--soft);overflow-wrap:anywhere}
ul.counts,ul.legend,ul.outcome{list-style:none;display:flex;flex-wrap:wrap;gap:.4rem 1.6rem;padding:0;margin:.6rem 0}
ul.outcome{display:block;border-left:4px solid var(--green);padding:.4rem .8rem;background:var(--panel)}ul.outcome.fails{border-color:var(--red)}
.sign{font-family:ui-monospace,monospace;white-space:pre}
.v-mtls .sign,.v-mtls .verdict,.v-mtls-inferred .sign,.v-mtls-inferred .verdict{color:var(--green)}
.v-tls .sign,.v-tls .verdict{color:var(--amber)}
.v-plaintext .sign,.v-plaintext .verdict,.v-mixed .sign,.v-mixed .verdict{color:var(--red)}
.v-unknown .sign,.v-unknown .verdict,.clear,footer{color:var(--soft)}
details.edge{background:var(--panel);border:1px solid var(--line);border-radius:6px;margin:0 0 .7rem;padding:.1rem 1rem}
details.edge[open]{padding-bottom:.8rem}
summary{cursor:pointer;padding:.5rem 0;display:flex;flex-wrap:wrap;gap:0 .8rem;align-items:baseline}
summary .verdict{min-width:7.5rem}summary .name{font-weight:600;overflow-wrap:anywhere;flex:1}summary .count{color:var(--soft)}
summary:focus-visible{outline:2px solid var(--blue);outline-offset:2px}
.because{margin:.2rem 0 .6rem}
dl{display:grid;grid-template-columns:7.5rem 1fr;gap:.1rem .8rem;margin:0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
ol.evidence,ul.findings,ul.why{margin:0;padding-left:1.4rem}li{overflow-wrap:anywhere}
.place{color:var(--soft);font-size:.85em;white-space:nowrap}
.findings b{color:var(--amber)}.findings .critical b,.findings .high b{color:var(--red)}
.fix{margin:.1rem 0 .4rem;padding:.2rem .7rem;border-left:3px solid var(--blue);color:var(--text)}
.fix::before{content:"fix: ";color:var(--soft)}
svg.map{max-width:100%;height:auto;background:var(--panel);border:1px solid var(--line);border-radius:6px}
svg.map text{fill:var(--text);font:13px system-ui,sans-serif}svg.map rect{fill:var(--ground);stroke:var(--line)}
svg.map .port{fill:var(--soft);font-size:11px}svg.map path{fill:none;stroke-width:2}
svg.map .v-mtls path{stroke:var(--green)}svg.map .v-mtls-inferred path{stroke:var(--green);stroke-dasharray:3 3}svg.map .v-tls path{stroke:var(--amber)}
svg.map .v-plaintext path,svg.map .v-mixed path{stroke:var(--red)}svg.map .v-mixed path{stroke-dasharray:8 4}svg.map .v-unknown path{stroke:var(--soft);stroke-dasharray:2 4}
footer{margin-top:2rem;border-top:1px solid var(--line);font-size:.85rem}
@media print{body{max-width:none;padding:0;font-size:11px}details.edge{break-inside:avoid}summary{list-style:none}}
`

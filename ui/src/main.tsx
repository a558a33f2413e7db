import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App, fetchViews } from './app.tsx'
import { watchCapture } from './services/capture.ts'
import { watchList } from './services/list.ts'
import { openSession } from './services/session.ts'
import { applyTheme } from './services/theme.ts'
import './styles/theme.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/list.css'
import './styles/detail.css'
import './styles/views.css'

applyTheme()
// Where this fails, the first call says why.
openSession().catch(() => undefined).finally(() => {
  watchCapture()
  watchList()
  createRoot(document.getElementById('root')!).render(<StrictMode><App /></StrictMode>)
  fetchViews()
})

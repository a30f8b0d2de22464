// Starts the page.
import './styles/tokens.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/states.css'
import './styles/controls.css'
import './styles/content.css'
import './styles/rows.css'
import './styles/views.css'
import './styles/system.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { startClock } from './clock.ts'
import { startRouter } from './router.ts'

startClock()
startRouter()
render(<App />, document.getElementById('app') as HTMLElement)

import type { ReactNode } from 'react'
import { Component } from 'react'

interface State { readonly error: Error | undefined }

/** A bug in one view leaves the others usable, and says what to do. */
export class Boundary extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { error: undefined }

  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === undefined) return this.props.children
    return (
      <div className="notice" role="alert">
        <h2>This view has failed</h2>
        <p>It is a fault of the viewer, and the other views go on. What it said:</p>
        <p><code>{error.message}</code></p>
        <button type="button" className="button" onClick={() => this.setState({ error: undefined })}>Try again</button>
        <button type="button" className="button" onClick={() => location.reload()}>Load the page anew</button>
      </div>
    )
  }
}

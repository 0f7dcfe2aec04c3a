import express from 'express'

/** The least that Express can do for the same requests: the measure of everything that we add. */
const app = express()
app.disable('x-powered-by')
app.get('/json', (_req, res) => void res.json({ ok: true }))
app.post(
  '/form',
  express.urlencoded({ extended: true }),
  (_req, res) => void res.type('text/plain').send('ok'),
)
const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address()))
process.once('disconnect', () => process.exit(0))

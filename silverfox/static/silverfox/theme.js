// Runs before the first paint, so that a stored theme never flashes.
{
  const stored = localStorage.getItem("theme");
  if (stored === "dark" || stored === "light") document.documentElement.dataset.theme = stored;
}

// Runs before everything else: the meeting's secret leaves the address bar, and with it history,
// screenshots and anything that later code might report. It is kept for this tab's life.
(function () {
  if (location.hash.length > 1) {
    try {
      sessionStorage.setItem('link:' + location.pathname, location.hash.slice(1));
    } catch (_) {
      window.linkFragment = location.hash.slice(1);
    }
    history.replaceState(history.state, '', location.pathname + location.search);
  }
})();

// Whoever follows an arrow of the picture finds what it leads to open.
function unfold() {
  var at = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (at && at.tagName === "DETAILS") { at.open = true; at.scrollIntoView(); at.querySelector("summary").focus(); }
}
addEventListener("hashchange", unfold);
unfold();

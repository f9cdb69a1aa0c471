// A phone that trusts the certificate goes straight on; asked again when someone comes back from the settings.
const app = document.currentScript.dataset.app;

function look() {
  if (document.hidden) return;
  // An untrusted certificate fails the connection.
  fetch(`${app}/lan/trusted`, { mode: 'no-cors', cache: 'no-store' }).then(
    () => {
      document.getElementById('trusted').hidden = false;
      location.replace(`${app}/`);
    },
    () => {},
  );
}

const phone = /Android/.test(navigator.userAgent) ? '.android' : '.ios';
document.querySelectorAll(phone).forEach((one) => (one.open = true));
document.addEventListener('visibilitychange', look);
addEventListener('pageshow', look);

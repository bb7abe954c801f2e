import { checkConfig } from '../../captcha-site/page/captcha';

const element = document.getElementById('captcha-config');
export const config = checkConfig(element?.textContent ?? '', '#captcha-config');

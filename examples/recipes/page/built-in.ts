import { checkConfig } from '../../captcha-site/page/captcha';

declare global {
  interface ImportMeta {
    readonly env: { readonly VITE_CAPTCHA_CONFIG: string };
  }
}

// with Next: process.env.NEXT_PUBLIC_CAPTCHA_CONFIG
export const config = checkConfig(import.meta.env.VITE_CAPTCHA_CONFIG, 'VITE_CAPTCHA_CONFIG');

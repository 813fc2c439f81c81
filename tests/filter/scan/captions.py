"""Captions as corpora of many languages have them."""

from __future__ import annotations

CAPTIONS = {
    "English": "“The Harbour” – Anna’s picture, taken in winter… 2024 ½ ™",
    "French": "Façade de l’hôtel, prise à l’été ; œuvre de Ç. Noël – « déjà vu »",
    "German": "Straße am Hafen: große Möwen über dem Fluß, ÄÖÜ und „Gänsefüßchen“",
    "Polish": "Zażółć gęślą jaźń na Łódzkiej ulicy",
    "Turkish": "İstanbul Boğazı’nda ışıklı gece, ağaçlar ve şehir",
    "Vietnamese": "Bến cảng mùa đông, chụp từ trên cầu ở Đà Nẵng",
    "Russian": "Гавань зимой, снятая с моста; ещё один йод — «вечер»",
    "Ukrainian": "Зимова гавань, знята з мосту: їжак і ґава, щастя",
    "Greek": "Το λιμάνι τον χειμώνα, φωτογραφημένο από τη γέφυρα ΐΰ ς",
    "Chinese": "冬天的港口，从桥上拍摄的照片。（二〇二四年）一幅关于船和海的画",
    "Japanese": "冬の港、橋の上から撮った写真です。ガラスのボートとカモメ「夕方」㈱ｶﾅ",
    "Korean": "다리에서 찍은 겨울 항구의 사진, 배와 갈매기가 있는 저녁 풍경",
    "Arabic": "الميناء في الشتاء، صورة من الجسر مع القوارب والنوارس عند المساء",
    "Persian": "بندر در زمستان، عکسی از پل با قایق‌ها و مرغ‌های دریایی",
    "Hebrew": "הנמל בחורף, צולם מן הגשר עם סירות ושחפים בערב, שָׁלוֹם",
    "Hindi": "सर्दियों में बंदरगाह, पुल से ली गई बड़ी तस्वीर, नावें और पक्षी",
    "Bengali": "শীতকালে বন্দর, সেতু থেকে তোলা ছবি, নৌকা ও পাখি সহ সন্ধ্যা",
    "Tamil": "குளிர்காலத்தில் துறைமுகம், பாலத்திலிருந்து எடுத்த படம்",
    "Thai": "ท่าเรือในฤดูหนาว ถ่ายจากสะพาน มีเรือและนกนางนวล ตอนเย็นที่น้ำนิ่ง",
    "emoji": "Harbour in winter 🏙️👩‍👩‍👧‍👦🇫🇷 ❤️ boats ⛵️ and gulls 👍🏽 tonight",
    "formulas": "H₂O at 20 °C costs 3 × 10⁻⁶ €/m³ — № 5, µ = 1 Å, Ω ≠ ∞",
}
"""One caption in each of many languages."""

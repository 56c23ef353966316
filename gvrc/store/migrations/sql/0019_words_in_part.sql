-- Places that are shown in part are found by the words of their name alone, and there are many of them in a large registry: an index of their own, so
-- that not each of them is read for every search.

CREATE INDEX ix_facility_search_words_in_part ON public.facility_search USING gin ((words[1:named])) WHERE visibility IN ('ward_only', 'office_line');
